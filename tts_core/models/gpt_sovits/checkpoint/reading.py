"""Read and inspect checkpoints, official or converted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_core.models.gpt_sovits.checkpoint.catalogue import Catalogue, refusal
from tts_core.models.gpt_sovits.checkpoint.converted import ConvertedFile, open_converted
from tts_core.models.gpt_sovits.checkpoint.identity import Identity, Kind, identify
from tts_core.models.gpt_sovits.checkpoint.official import open_official

if TYPE_CHECKING:
    import torch

CONVERTED_SUFFIX = ".safetensors"
TRAINING_ONLY = "enc_q"
"""The posterior encoder's name. Pretrained files have it, fine-tuned ones do not, speech doesn't need it."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint, ready to be put into a model.

    Attributes:
        kind: "t2s" or "sovits".
        version: see `Identity.version`.
        config: the training configuration as plain dicts and lists.
        tensors: by official name, in the file's precision, without `enc_q`. They are private views of the
            file, read when touched: nothing written to them reaches the file, and the file must not be
            changed in place while they are in use.
        path: the file that was read.
        info: what the training wrote about its progress ("GPT-e15").
    """

    kind: Kind
    version: str
    config: dict[str, Any]
    tensors: dict[str, torch.Tensor] = field(repr=False)
    path: Path
    info: str


@dataclass(frozen=True)
class CheckpointSummary:
    """What `inspect_checkpoint` tells. Counts leave `enc_q` out, as reading does."""

    path: Path
    kind: Kind
    version: str
    is_lora: bool
    is_supported: bool
    container: str
    header: str | None
    info: str
    size_bytes: int
    num_tensors: int
    num_parameters: int
    num_training_only: int
    parameters_by_dtype: dict[str, int]
    config: dict[str, Any] = field(repr=False)


def read_checkpoint(path: Path | str) -> Checkpoint:
    """Read a `*.ckpt`, `*.pth` or converted `*.safetensors` file. Nothing in the file is executed.

    Raises:
        MissingWeights: there is no such file.
        InvalidCheckpoint: the file is cut off, damaged, something else, or of a version that can't be spoken
            yet. The message names the file, what was expected and what was found.
    """
    catalogue = open_catalogue(Path(path))
    identity = identify(catalogue)
    if not identity.is_supported:
        raise refusal(
            catalogue.path,
            "a v1, v2, v2Pro or v2ProPlus checkpoint",
            f"{identity}, which is recognised but not supported yet",
        )
    return Checkpoint(
        kind=identity.kind,
        version=identity.version,
        config=catalogue.config,
        tensors=catalogue.load(spoken_keys(catalogue)),
        path=catalogue.path,
        info=catalogue.info,
    )


def inspect_checkpoint(path: Path | str) -> CheckpointSummary:
    """Tell what a file holds from its table of contents; later versions are told too. Needs no torch.

    Raises:
        MissingWeights: there is no such file.
        InvalidCheckpoint: the file is cut off, damaged or something else.
    """
    catalogue = open_catalogue(Path(path))
    identity = identify(catalogue)
    spoken = [catalogue.tensors[key] for key in spoken_keys(catalogue)]
    by_dtype: Counter[str] = Counter()
    for tensor in spoken:
        by_dtype[tensor.dtype] += tensor.num_elements
    return CheckpointSummary(
        path=catalogue.path,
        kind=identity.kind,
        version=identity.version,
        is_lora=identity.is_lora,
        is_supported=identity.is_supported,
        container=catalogue.container,
        header=catalogue.header,
        info=catalogue.info,
        size_bytes=catalogue.path.stat().st_size,
        num_tensors=len(spoken),
        num_parameters=by_dtype.total(),
        num_training_only=len(catalogue.tensors) - len(spoken),
        parameters_by_dtype=dict(by_dtype),
        config=catalogue.config,
    )


def open_catalogue(path: Path) -> Catalogue:
    """Open a checkpoint of either format by its suffix.

    Raises:
        MissingWeights: there is no such file.
        InvalidCheckpoint: it is not such a checkpoint.
    """
    if path.suffix != CONVERTED_SUFFIX:
        return open_official(path)
    converted = open_converted(path)
    _check_description(converted, identify(converted))
    return converted


def spoken_keys(catalogue: Catalogue) -> list[str]:
    """Return the names of the tensors that speech needs."""
    return [key for key in catalogue.tensors if TRAINING_ONLY not in key]


def _check_description(converted: ConvertedFile, identity: Identity) -> None:
    if converted.described != (identity.kind, identity.version):
        kind, version = converted.described
        raise refusal(converted.path, f"the {kind} {version} that its JSON file describes", str(identity))
