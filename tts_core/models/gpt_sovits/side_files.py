"""The files of a side model, looked at without loading it."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from tts_core.errors import InvalidCheckpoint, MissingDependency, MissingWeights
from tts_core.models.gpt_sovits.checkpoint import read_state_dict
from tts_core.models.gpt_sovits.fingerprint import Fingerprint
from tts_core.models.gpt_sovits.packed import can_pack


@dataclass(frozen=True)
class SideFiles:
    """What is known of a side model before it is loaded.

    Attributes:
        fingerprint: of its files, and of how they are computed with. Equal ones compute alike.
        num_bytes: what its weights take at most, once loaded.
    """

    fingerprint: str
    num_bytes: int


def look_at(folder: Path, dtype: torch.dtype, device: torch.device | str) -> SideFiles:
    """Look at a folder of the model hub's form.

    Raises:
        MissingDependency: transformers, which loads it, is not installed.
        MissingWeights: there is no model.
        InvalidCheckpoint: its weights can't be read.
    """
    if importlib.util.find_spec("transformers") is None:
        raise MissingDependency("GPT-SoVITS needs transformers: pip install 'polyvox[neural]'")
    if not (folder / "config.json").is_file():
        raise MissingWeights(f"Expected a model with its config.json in {folder}; found none.")
    fingerprint = Fingerprint()
    fingerprint.add_folder("files", folder)
    how = f"{dtype} {torch.device(device).type} packed: {can_pack(dtype, device)}"
    fingerprint.add_value("computed", how)
    return SideFiles(fingerprint.hexdigest(), dtype.itemsize * _num_parameters(folder))


def _num_parameters(folder: Path) -> int:
    path = folder / "model.safetensors"
    if not path.is_file():
        return sum(tensor.numel() for tensor in read_state_dict(folder / "pytorch_model.bin").values())
    try:
        with safe_open(path, "pt") as file:
            return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    except SafetensorError as error:
        raise InvalidCheckpoint(f"The model in {folder} can't be read: {error}") from error
