"""Converted checkpoints: a safetensors file, with a JSON file of the same name beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_core.models.gpt_sovits.checkpoint.catalogue import TensorInfo, describe_bytes, refusal, require_file

if TYPE_CHECKING:
    import torch

FORMAT = "polyvox-checkpoint/1"
"""The JSON file's `format`. A change that older readers would misread gets a new number."""

_DTYPES = {
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}


@dataclass(frozen=True)
class ConvertedFile:
    """A converted checkpoint, opened. Tensors are views of the mapped file."""

    path: Path
    config: dict[str, Any]
    info: str
    tensors: Mapping[str, TensorInfo]
    described: tuple[str, str]
    """Kind and version as the JSON file has them."""
    container: str = "safetensors"
    header: str | None = None
    is_lora: bool = False

    def load(self, keys: Iterable[str]) -> dict[str, torch.Tensor]:
        """Return the tensors of these names."""
        from safetensors import safe_open

        with safe_open(self.path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in keys}


def config_path(path: Path) -> Path:
    """Return where the config of a converted checkpoint lies."""
    return path.with_suffix(".json")


def open_converted(path: Path) -> ConvertedFile:
    """Open a converted checkpoint, reading its table of contents and its config.

    Raises:
        MissingWeights: either of its two files is missing.
        InvalidCheckpoint: either is damaged, or something else.
    """
    require_file(path)
    description = _read_description(config_path(path))
    return ConvertedFile(
        path=path,
        config=description["config"],
        info=str(description.get("info", "")),
        tensors=_read_table(path),
        described=(str(description.get("kind")), str(description.get("version"))),
    )


def _read_description(path: Path) -> dict[str, Any]:
    require_file(path)
    expected = f"the config of a converted checkpoint (format {FORMAT})"
    try:
        description = json.loads(path.read_bytes())
    except ValueError as error:
        raise refusal(path, expected, f"no JSON ({error})") from error
    if not isinstance(description, dict) or not isinstance(description.get("config"), dict):
        raise refusal(path, expected, "JSON without a config")
    if description.get("format") != FORMAT:
        raise refusal(path, expected, f"format {description.get('format')!r}")
    return description


def _read_table(path: Path) -> dict[str, TensorInfo]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            slices = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
            return {
                key: TensorInfo(_DTYPES.get(part.get_dtype(), part.get_dtype()), tuple(part.get_shape()))
                for key, part in slices.items()
            }
    except SafetensorError as error:
        with path.open("rb") as raw:
            beginning = raw.read(64)
        found = f"one cut off or damaged ({error})"
        if beginning[8:9] != b"{":
            found = describe_bytes(beginning)
        raise refusal(path, "a safetensors file", found) from error
