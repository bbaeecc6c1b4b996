"""What a checkpoint file says about itself, before any tensor is read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tts_core.errors import InvalidCheckpoint, MissingWeights

if TYPE_CHECKING:
    import torch

HEADERS = {
    b"00": "v1",
    b"01": "v2",
    b"02": "v3",
    b"03": "v3 LoRA",
    b"04": "v4 LoRA",
    b"05": "v2Pro",
    b"06": "v2ProPlus",
}
"""The two bytes that the training code writes over a file's "PK", and the version that they claim."""

_SHOWN_BYTES = 12


@dataclass(frozen=True)
class TensorInfo:
    """A tensor's element type, as torch spells it, and its shape."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def num_elements(self) -> int:
        return math.prod(self.shape)


class Catalogue(Protocol):
    """An opened checkpoint: its table of contents, and a way to fetch tensors by name."""

    @property
    def path(self) -> Path: ...
    @property
    def container(self) -> str:
        """The file format: "torch" or "safetensors"."""

    @property
    def header(self) -> str | None:
        """The version that the two-byte header claims, where the file has one."""

    @property
    def is_lora(self) -> bool: ...
    @property
    def config(self) -> dict[str, Any]: ...
    @property
    def info(self) -> str: ...
    @property
    def tensors(self) -> Mapping[str, TensorInfo]: ...
    def load(self, keys: Iterable[str]) -> dict[str, torch.Tensor]:
        """Return the tensors of these names."""


def refusal(path: Path, expected: str, found: str) -> InvalidCheckpoint:
    """Return the error that names a file, what it should be and what it is."""
    return InvalidCheckpoint(f"{path}: expected {expected}, found {found}.", param=str(path))


def require_file(path: Path) -> None:
    """Raise `MissingWeights` unless `path` is a file."""
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing"
        raise MissingWeights(f"{path}: expected a checkpoint file, found {found} there.", param=str(path))


def describe_bytes(beginning: bytes) -> str:
    """Say what kind of file begins like this, for people who took one file for another."""
    if not beginning:
        return "an empty file"
    if beginning.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer (the file itself was not downloaded)"
    if beginning[0] == 0x80:
        return "a bare pickle, which is never opened"
    if beginning[8:9] == b"{":
        return "a safetensors file without that suffix"
    return f"a file that begins with {beginning[:_SHOWN_BYTES]!r}"
