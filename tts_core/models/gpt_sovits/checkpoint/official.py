"""Files of the GPT-SoVITS project: `s1*.ckpt` and `s2G*.pth`, pretrained or fine-tuned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_core.models.gpt_sovits.checkpoint.archive import TorchArchive
from tts_core.models.gpt_sovits.checkpoint.catalogue import TensorInfo, refusal
from tts_core.models.gpt_sovits.checkpoint.pickle_machine import TensorRef, UnreadablePickle, parse_pickle

if TYPE_CHECKING:
    import torch

_EXPECTED = "an s1 (T2S) or s2G (SoVITS) checkpoint with weight, config and info"
_EXPECTED_STATE = "a table of tensors as torch.save writes it"
_SHOWN_KEYS = 3


@dataclass(frozen=True)
class OfficialFile:
    """A checkpoint in the project's own format, opened. Tensors are views of the mapped file."""

    path: Path
    header: str | None
    is_lora: bool
    config: dict[str, Any]
    info: str
    tensors: Mapping[str, TensorInfo]
    archive: TorchArchive = field(repr=False)
    references: Mapping[str, TensorRef] = field(repr=False)
    container: str = "torch"

    def load(self, keys: Iterable[str]) -> dict[str, torch.Tensor]:
        """Return the tensors of these names, their storages' checksums verified.

        Raises:
            InvalidCheckpoint: a storage is damaged, or too short for its tensor.
        """
        return {key: _load(self.archive, key, self.references[key]) for key in keys}


def open_official(path: Path) -> OfficialFile:
    """Open a file that `torch.save` wrote, reading its table of contents alone.

    Raises:
        MissingWeights: there is no such file.
        InvalidCheckpoint: it is something else, is cut off, or its pickle is not that of a checkpoint.
    """
    archive = TorchArchive(path)
    root = _parse(archive, _EXPECTED)
    weights, config, info = _sections(path, root)
    return OfficialFile(
        path=path,
        header=archive.header,
        is_lora="LoRA" in (archive.header or "") or "lora_rank" in root,
        config=config,
        info=info,
        tensors={key: TensorInfo(ref.storage.dtype, ref.shape) for key, ref in weights.items()},
        archive=archive,
        references=weights,
    )


def read_state_dict(path: Path | str) -> dict[str, torch.Tensor]:
    """Read a bare table of tensors, such as the speaker encoder's file, as safely as a checkpoint.

    Raises:
        MissingWeights: there is no such file.
        InvalidCheckpoint: it is something else, is cut off or damaged.
    """
    archive = TorchArchive(Path(path))
    root = _parse(archive, _EXPECTED_STATE)
    if not isinstance(root, dict) or not all(isinstance(value, TensorRef) for value in root.values()):
        raise refusal(archive.path, _EXPECTED_STATE, _describe_root(root))
    return {key: _load(archive, key, reference) for key, reference in root.items()}


def _parse(archive: TorchArchive, expected: str) -> Any:
    try:
        return parse_pickle(archive.pickle())
    except UnreadablePickle as error:
        raise refusal(archive.path, expected, str(error)) from error


def _load(archive: TorchArchive, key: str, reference: TensorRef) -> torch.Tensor:
    # torch takes a second to import, and inspecting a file needs none of it.
    from tts_core.models.gpt_sovits.checkpoint.materialise import tensor_from_storage

    tensor = tensor_from_storage(archive.storage(reference.storage.key), reference)
    if tensor is None:
        raise refusal(archive.path, f"a whole tensor {key}", "a storage too short for it")
    return tensor


def _sections(path: Path, root: Any) -> tuple[dict[str, TensorRef], dict[str, Any], str]:
    if not isinstance(root, dict) or not {"weight", "config"} <= root.keys():
        raise refusal(path, _EXPECTED, _describe_root(root))
    weights, config = root["weight"], _plain_config(path, root["config"])
    if not isinstance(weights, dict) or not all(isinstance(ref, TensorRef) for ref in weights.values()):
        raise refusal(path, _EXPECTED, "a weight section that is not a table of tensors")
    return weights, config, str(root.get("info", ""))


def _plain_config(path: Path, config: Any) -> dict[str, Any]:
    """Return a config with `HParams` and tuples as the dicts and lists that JSON has."""
    if not isinstance(config, dict):
        raise refusal(path, _EXPECTED, f"a config of type {type(config).__name__}")
    try:
        return {str(key): _plain(value) for key, value in config.items()}
    except (TypeError, RecursionError) as error:
        raise refusal(path, _EXPECTED, f"a config that JSON can't hold ({error})") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a value of type {type(value).__name__}")


def _describe_root(root: Any) -> str:
    if not isinstance(root, dict) or not root:
        return f"a pickled {type(root).__name__}"
    if "state_dict" in root:
        return "a Lightning training checkpoint (use the exported file in GPT_weights*)"
    if {"model", "optimizer"} <= root.keys():
        return "a training checkpoint with its optimiser (use the exported file in SoVITS_weights*)"
    are_tensors = all(isinstance(value, TensorRef) for value in root.values())
    kind = "a bare table of tensors" if are_tensors else "a table"
    names = ", ".join(str(key) for key in list(root)[:_SHOWN_KEYS])
    return f"{kind} with {names}{', ...' if len(root) > _SHOWN_KEYS else ''} (another model's checkpoint?)"
