"""Full-size weights that anyone can make again: a tensor is a function of its key and shape alone.

They sound like nothing, but have the size, the spread and the arithmetic of real weights, so models can be
compared number for number and servers can be load-tested without shipping a checkpoint.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_SCALES_NEAR_ONE = ("gamma", "alpha", "weight_g")


def formula_tensor(key: str, shape: tuple[int, ...]) -> FloatArray:
    """Return the float32 tensor of `key` in `shape`, rounded through float16.

    The key counts with its prefix (`model.` for T2S), as it stands in a checkpoint.
    """
    random = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))
    values = random.standard_normal(shape, dtype=np.float32)
    return _scaled(key, values).astype(np.float16).astype(np.float32)


def formula_state_dict(keys: Mapping[str, tuple[int, ...]]) -> dict[str, FloatArray]:
    """Return the formula's tensor for every key of `keys`, which maps a key to its shape."""
    return {key: formula_tensor(key, tuple(shape)) for key, shape in keys.items()}


def _scaled(key: str, values: FloatArray) -> FloatArray:
    last = key.rsplit(".", 1)[-1]
    if last in _SCALES_NEAR_ONE or (last == "weight" and values.ndim == 1):
        return 1 + np.float32(0.1) * values
    if values.ndim == 1:
        return np.float32(0.02) * values
    if _is_embedding(key):
        return np.float32(0.5) * values
    return _scaled_matrix(key, values / np.float32(math.sqrt(math.prod(values.shape[1:]))))


def _is_embedding(key: str) -> bool:
    if key.endswith("_codebook.embed") or "embedding" in key:
        return True
    return "emb.weight" in key and "sv_emb" not in key


def _scaled_matrix(key: str, values: FloatArray) -> FloatArray:
    """Sharpen attention, calm residual branches, spread the logits: what training does to real weights."""
    if key.endswith("in_proj_weight"):
        values[: values.shape[0] * 2 // 3] *= 3
        return values
    return values * np.float32(_matrix_factor(key))


def _matrix_factor(key: str) -> float:
    if ".out_proj." in key:
        return 0.25
    if ".linear1." in key or ".linear2." in key:
        return 0.7
    if "ar_predict_layer" in key:
        return 4.0
    if "flow" in key and ".post." in key:
        return 0.1
    return 1.0
