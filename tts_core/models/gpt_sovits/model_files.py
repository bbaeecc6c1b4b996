"""The files of one model, read and checked before anything is built from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from tts_core.errors import InvalidCheckpoint
from tts_core.models.gpt_sovits.checkpoint import Checkpoint, check_pair, read_checkpoint, read_state_dict
from tts_core.models.gpt_sovits.checkpoint.catalogue import refusal
from tts_core.models.gpt_sovits.config import PRO_VERSIONS, SoVITSConfig, T2SConfig
from tts_core.models.gpt_sovits.loading import KeyScheme, check_module
from tts_core.models.gpt_sovits.readings import adopt_readings
from tts_core.models.gpt_sovits.sovits.build import SOVITS_KEYS
from tts_core.models.gpt_sovits.sovits.model import SoVITS
from tts_core.models.gpt_sovits.speaker import build_speaker_encoder
from tts_core.models.gpt_sovits.t2s import T2S, T2S_KEYS
from tts_core.models.gpt_sovits.weights import WeightsPaths

_Built = TypeVar("_Built")


@dataclass(frozen=True)
class ModelFiles:
    """What was read. Tensors are views of the files, which must not change in place meanwhile.

    Attributes:
        t2s, sovits: a pair that speaks together.
        speaker_path: of the speaker encoder; None where the version has none.
        speaker: its tensors; none where the version has none.
    """

    t2s: Checkpoint
    sovits: Checkpoint
    speaker_path: Path | None
    speaker: Mapping[str, Tensor]


def read_model_files(paths: WeightsPaths) -> ModelFiles:
    """Read a model's own files, every checksum of them.

    Raises:
        MissingWeights: a file is missing.
        InvalidCheckpoint: a file is damaged, foreign or doesn't fit the others; names the file.
    """
    t2s, sovits = read_checkpoint(paths.t2s), read_checkpoint(paths.sovits)
    check_pair(t2s, sovits)
    speaker_path = _speaker_path(paths, sovits)
    return ModelFiles(t2s, sovits, speaker_path, read_state_dict(speaker_path) if speaker_path else {})


def check_model(paths: WeightsPaths) -> None:
    """Return if a model could be built from its files. Keeps no memory.

    Raises:
        MissingWeights, InvalidCheckpoint, MissingDependency, InvalidConfig: as `load_model`.
    """
    adopt_readings(paths)
    files = read_model_files(paths)
    _check_keys(files.t2s, lambda: T2S(T2SConfig.from_checkpoint(files.t2s.config)), T2S_KEYS)
    config = SoVITSConfig.from_checkpoint(files.sovits.config, files.sovits.version)
    _check_keys(files.sovits, lambda: SoVITS(config), SOVITS_KEYS)
    if files.speaker_path is not None:
        naming(files.speaker_path, lambda: build_speaker_encoder(files.speaker))


def naming(path: Path, build: Callable[[], _Built]) -> _Built:
    """Build from a file, and have any refusal say which file it was."""
    try:
        return build()
    except InvalidCheckpoint as error:
        raise InvalidCheckpoint(f"{path}: {error.message}", param=str(path)) from error


def _check_keys(checkpoint: Checkpoint, build: Callable[[], nn.Module], scheme: KeyScheme) -> None:
    with torch.device("meta"):
        module = naming(checkpoint.path, build)
    naming(checkpoint.path, lambda: check_module(module, checkpoint.tensors, scheme))


def _speaker_path(paths: WeightsPaths, sovits: Checkpoint) -> Path | None:
    if sovits.version not in PRO_VERSIONS:
        return None
    if paths.speaker is None:
        raise refusal(paths.sovits, "SoVITS v1 or v2, as no speaker encoder is given", sovits.version)
    return paths.speaker
