"""The files of a side model, looked at without loading it."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from safetensors import safe_open

from tts_core.errors import InvalidCheckpoint, MissingDependency, MissingWeights
from tts_core.models.gpt_sovits.checkpoint import read_state_dict
from tts_core.models.gpt_sovits.fingerprint import Fingerprint, FolderState, folder_state
from tts_core.models.gpt_sovits.packed import can_pack

_WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")
"""Of two formats; the first is taken where there are both, as `transformers` does."""

_OLD_FORMAT = b"\x80"
"""How a pickle begins. PyTorch's format was one once, and has no table to look at without unpickling."""


@dataclass(frozen=True)
class SideFiles:
    """What is known of a side model before it is loaded.

    Attributes:
        folder: of the model hub's form.
        fingerprint: of its files, and of how they are computed with. Equal ones compute alike.
        dtype: of the weights, once loaded.
        state: of the files when they were looked at.
    """

    folder: Path
    fingerprint: str
    dtype: torch.dtype
    state: FolderState

    @cached_property
    def num_bytes(self) -> int:
        """What its weights take at most, once loaded.

        Raises:
            MissingWeights: there are none.
            InvalidCheckpoint: they can't be read.
        """
        try:
            return self.dtype.itemsize * sum(map(_num_parameters, _weights(self.folder)))
        except (MissingWeights, InvalidCheckpoint):
            raise
        except Exception as error:  # each of the formats has its own errors
            raise InvalidCheckpoint(f"The model in {self.folder} can't be read: {error}") from error

    def check_readable(self) -> None:
        """Return if its weights can be found and read. Raises as `num_bytes`, which it takes."""
        _ = self.num_bytes

    def check_unchanged(self) -> None:
        """Return if the files are still those that were looked at.

        Raises:
            InvalidCheckpoint: they aren't, and what is loaded from them now isn't what was promised.
        """
        if folder_state(self.folder) != self.state:
            raise InvalidCheckpoint(f"The model in {self.folder} was changed after the replica's start.")


def look_at(folder: Path, dtype: torch.dtype, device: torch.device | str) -> SideFiles:
    """Look at a folder of the model hub's form.

    Raises:
        MissingDependency: transformers, which loads it, is not installed.
        MissingWeights: there is no model.
    """
    if importlib.util.find_spec("transformers") is None:
        raise MissingDependency("GPT-SoVITS needs transformers: pip install 'polyvox[neural]'")
    if not (folder / "config.json").is_file():
        raise MissingWeights(f"Expected a model with its config.json in {folder}; found none.")
    state, fingerprint = folder_state(folder), Fingerprint()
    fingerprint.add_folder("files", folder)
    how = f"{dtype} {torch.device(device).type} packed: {can_pack(dtype, device)}"
    fingerprint.add_value("computed", how)
    return SideFiles(folder, fingerprint.hexdigest(), dtype, state)


def _weights(folder: Path) -> list[Path]:
    found = next((paths for pattern in _WEIGHTS if (paths := sorted(folder.glob(pattern)))), None)
    if found is None:
        raise MissingWeights(f"Expected a model's weights in {folder}; found none.")
    return found


def _num_parameters(path: Path) -> int:
    if path.suffix == ".safetensors":
        with safe_open(path, "pt") as file:
            return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    with path.open("rb") as opened:
        if opened.read(1) == _OLD_FORMAT:
            return path.stat().st_size // torch.half.itemsize
    return sum(tensor.numel() for tensor in read_state_dict(path).values())
