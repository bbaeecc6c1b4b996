"""Write checkpoints as the GPT-SoVITS training code does: zipped pickle, `utils.HParams`, two-byte header."""

from __future__ import annotations

import io
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

HEADERS = {"v2Pro": b"05", "v2ProPlus": b"06"}
"""What the training code writes over the first two bytes of a SoVITS file. v1 and v2 keep the zip's own."""


class HParams:
    """The config's class. Its pickled name is `utils.HParams`, and that is all a file keeps of it."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        for key, value in values.items():
            setattr(self, key, HParams(value) if isinstance(value, dict) else value)


HParams.__module__ = "utils"


def save_t2s(path: Path, tensors: Mapping[str, torch.Tensor], config: Mapping[str, Any], info: str) -> None:
    """Write an s1 file. Its config is a plain dict."""
    _write(path, _saved(OrderedDict(weight=OrderedDict(tensors), config=dict(config), info=info)))


def save_sovits(
    path: Path, tensors: Mapping[str, torch.Tensor], config: Mapping[str, Any], info: str, version: str
) -> None:
    """Write an s2G file. Its config is an `HParams` object, and Pro versions get their header."""
    with _utils_module():
        content = _saved(OrderedDict(weight=dict(tensors), config=HParams(config), info=info))
    _write(path, HEADERS.get(version, content[:2]) + content[2:])


def _saved(value: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@contextmanager
def _utils_module() -> Iterator[None]:
    """Let pickle find `utils.HParams`, which it insists on when it writes."""
    module = ModuleType("utils")
    module.HParams = HParams  # type: ignore[attr-defined]
    before = sys.modules.get("utils")
    sys.modules["utils"] = module
    try:
        yield
    finally:
        del sys.modules["utils"]
        if before is not None:
            sys.modules["utils"] = before
