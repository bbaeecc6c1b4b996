"""Names for weights by what is in them, so that what one set computed is never taken for another's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

_FOLDER_FILES = ("config.json", "pytorch_model.bin", "model.safetensors", "tokenizer.json", "vocab.txt")
_DIGEST_CHARS = 32


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
        for path in (folder / file for file in _FOLDER_FILES):
            if path.is_file():
                self._add(f"{name}/{path.name}", path.read_bytes())

    def hexdigest(self) -> str:
        return self._hash.hexdigest()[:_DIGEST_CHARS]

    def _add(self, name: str, value: bytes) -> None:
        # Lengths keep ("ab", "c") apart from ("a", "bc").
        self._hash.update(f"{len(name)} {name} {len(value)} ".encode())
        self._hash.update(value)
