"""Everything that one GPT-SoVITS model speaks and listens with, loaded once and never changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import torch

from tts_core.errors import InvalidCheckpoint
from tts_core.frontend.protocol import Readings
from tts_core.models.gpt_sovits.checkpoint import (
    Checkpoint,
    check_pair,
    read_checkpoint,
    read_state_dict,
    symbol_table,
)
from tts_core.models.gpt_sovits.checkpoint.catalogue import refusal
from tts_core.models.gpt_sovits.config import PRO_VERSIONS, SoVITSConfig, T2SConfig
from tts_core.models.gpt_sovits.features import (
    PhoneFeatures,
    SpeechFeatures,
    load_phone_features,
    load_speech_features,
)
from tts_core.models.gpt_sovits.fingerprint import Fingerprint
from tts_core.models.gpt_sovits.packed import can_pack, pack_sovits, pack_t2s, release_unused_memory
from tts_core.models.gpt_sovits.readings import adopt_readings
from tts_core.models.gpt_sovits.sovits import SoVITS, build_sovits
from tts_core.models.gpt_sovits.speaker import SpeakerEncoder, build_speaker_encoder
from tts_core.models.gpt_sovits.t2s import T2S, build_t2s
from tts_core.models.gpt_sovits.weights import WeightsPaths

_Built = TypeVar("_Built")


@dataclass(frozen=True)
class LoadedModel:
    """A model, ready to speak.

    Attributes:
        name: what requests name it by.
        version: "v1", "v2", "v2Pro" or "v2ProPlus".
        fingerprint: a hash of all weights, their precision and whether they are packed, and of how texts are
            read; equal fingerprints compute alike.
        t2s, sovits: the two checkpoints.
        speech_features: HuBERT, for references.
        phone_features: BERT, for Chinese; None where it was left out to save its memory.
        speaker_encoder: for references of the Pro versions; None in the others.
        dtype, device: precision and place of all of them; the semantic codebook stays float32.
        readings: how texts and references' texts are read.
    """

    name: str
    version: str
    fingerprint: str
    t2s: T2S = field(repr=False)
    sovits: SoVITS = field(repr=False)
    speech_features: SpeechFeatures = field(repr=False)
    phone_features: PhoneFeatures | None = field(repr=False)
    speaker_encoder: SpeakerEncoder | None = field(repr=False)
    dtype: torch.dtype
    device: torch.device
    readings: Readings = "natural"

    @property
    def sample_rate_hz(self) -> int:
        return self.sovits.config.sample_rate_hz

    @property
    def symbols(self) -> str:
        """The symbol table that its phones are ids of: "v1" or "v2"."""
        return symbol_table(self.version)


def load_model(
    paths: WeightsPaths,
    name: str,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    *,
    with_phone_features: bool = True,
    readings: Readings = "natural",
) -> LoadedModel:
    """Load a version's weights. The version is told from the tensors, not from names.

    Args:
        paths: see `locate_weights`.
        name: what requests will name it by.
        dtype: float32, bfloat16 or float16.
        device: where to compute.
        with_phone_features: whether to load BERT, without which no Chinese is spoken.
        readings: see `phonemize`.

    Raises:
        MissingWeights: a file is missing.
        InvalidCheckpoint: a file is damaged, foreign or doesn't fit the others; names the file.
        MissingDependency: a package is missing.
        InvalidConfig: this process reads Chinese otherwise, for weights of another folder.
    """
    model = _load(paths, name, dtype, torch.device(device), with_phone_features, readings)
    release_unused_memory()
    return model


def _load(
    paths: WeightsPaths,
    name: str,
    dtype: torch.dtype,
    device: torch.device,
    with_phone_features: bool,
    readings: Readings,
) -> LoadedModel:
    packed = can_pack(dtype, device)
    g2pw = adopt_readings(paths) if with_phone_features else None
    t2s, sovits = read_checkpoint(paths.t2s), read_checkpoint(paths.sovits)
    check_pair(t2s, sovits)
    speaker_path = _speaker_path(paths, sovits)
    speaker = read_state_dict(speaker_path) if speaker_path else None
    return LoadedModel(
        name=name,
        version=sovits.version,
        fingerprint=_fingerprint(
            t2s, sovits, speaker or {}, paths, dtype, packed, with_phone_features, g2pw, readings
        ),
        t2s=_naming(paths.t2s, lambda: _t2s(t2s, dtype, device, packed)),
        sovits=_naming(paths.sovits, lambda: _sovits(sovits, dtype, device, packed)),
        speech_features=load_speech_features(paths.hubert, dtype, device),
        phone_features=load_phone_features(paths.bert, dtype, device) if with_phone_features else None,
        speaker_encoder=None
        if speaker is None or speaker_path is None
        else _naming(speaker_path, lambda: build_speaker_encoder(speaker, dtype=dtype, device=device)),
        dtype=dtype,
        device=device,
        readings=readings,
    )


def _t2s(checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device | str, packed: bool) -> T2S:
    model = build_t2s(checkpoint.tensors, T2SConfig.from_checkpoint(checkpoint.config), dtype, device)
    if packed:
        pack_t2s(model)
    return model


def _sovits(checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device | str, packed: bool) -> SoVITS:
    config = SoVITSConfig.from_checkpoint(checkpoint.config, checkpoint.version)
    model = build_sovits(checkpoint.tensors, config, dtype, device)
    if packed:
        pack_sovits(model)
    return model


def _speaker_path(paths: WeightsPaths, sovits: Checkpoint) -> Path | None:
    if sovits.version not in PRO_VERSIONS:
        return None
    if paths.speaker is None:
        raise refusal(paths.sovits, "SoVITS v1 or v2, as no speaker encoder is given", sovits.version)
    return paths.speaker


def _fingerprint(
    t2s: Checkpoint,
    sovits: Checkpoint,
    speaker: Mapping[str, torch.Tensor],
    paths: WeightsPaths,
    dtype: torch.dtype,
    packed: bool,
    with_phone_features: bool,
    g2pw: str | None,
    readings: Readings,
) -> str:
    fingerprint = Fingerprint()
    settings = {"version": sovits.version, "dtype": str(dtype), "weights": "packed" if packed else "plain"}
    for setting, value in settings.items():
        fingerprint.add_value(setting, value)
    for kind, tensors in (("t2s", t2s.tensors), ("sovits", sovits.tensors), ("speaker", speaker)):
        fingerprint.add_tensors(kind, tensors)
    fingerprint.add_folder("hubert", paths.hubert)
    if with_phone_features:
        fingerprint.add_folder("bert", paths.bert)
    if g2pw is not None:
        fingerprint.add_value("g2pw", g2pw)
    if readings != "natural":
        fingerprint.add_value("readings", readings)
    return fingerprint.hexdigest()


def _naming(path: Path, build: Callable[[], _Built]) -> _Built:
    """Build from a file, and have any refusal say which file it was."""
    try:
        return build()
    except InvalidCheckpoint as error:
        raise InvalidCheckpoint(f"{path}: {error.message}", param=str(path)) from error
