"""Convert official checkpoints to safetensors, which load faster and hold no pickle."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

from tts_core.models.gpt_sovits.checkpoint.converted import FORMAT, config_path
from tts_core.models.gpt_sovits.checkpoint.reading import CONVERTED_SUFFIX, Checkpoint, read_checkpoint


class ConvertedPaths(NamedTuple):
    """The two files of a converted checkpoint."""

    weights: Path
    config: Path


def convert_checkpoint(path: Path | str, out_dir: Path | str) -> ConvertedPaths:
    """Write `<name>.safetensors` and `<name>.json` to `out_dir`, in the same precision, without `enc_q`.

    Both files appear whole or not at all; the weights last, so that a reader never meets them alone.

    Raises:
        MissingWeights: there is no file at `path`.
        InvalidCheckpoint: it can't be read.
    """
    from safetensors.torch import save_file

    checkpoint = read_checkpoint(path)
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    weights = out_dir / (checkpoint.path.name.removesuffix(checkpoint.path.suffix) + CONVERTED_SUFFIX)
    paths = ConvertedPaths(weights, config_path(weights))
    _replace(paths.config, _description(checkpoint).encode())
    partial = weights.with_name(weights.name + ".partial")
    save_file({key: value.contiguous() for key, value in checkpoint.tensors.items()}, partial)
    os.replace(partial, weights)
    return paths


def _description(checkpoint: Checkpoint) -> str:
    description = {
        "format": FORMAT,
        "kind": checkpoint.kind,
        "version": checkpoint.version,
        "info": checkpoint.info,
        "source": checkpoint.path.name,
        "config": checkpoint.config,
    }
    return json.dumps(description, ensure_ascii=False, indent=1)


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)
