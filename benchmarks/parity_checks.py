"""What a parity check is: a measured distance from the golden data, and the bar that it has to meet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.formula_weights import formula_state_dict

RELATIVE_BAR = 1e-3
AUDIO_BAR = 1e-3
CORRELATION_BAR = 0.9999
WINDOW_BAR = 1e-4

Golden = dict[str, Tensor]


@dataclass(frozen=True)
class Check:
    """One line of the table.

    Attributes:
        subject: what was run, and how.
        quantity: what was compared.
        found, bar: as people read them.
        passed: whether the bar is met.
    """

    subject: str
    quantity: str
    found: str
    bar: str
    passed: bool


def same_tokens(subject: str, quantity: str, found: Sequence[int], expected: Sequence[int]) -> Check:
    """Compare tokens one by one; a different length counts as different tokens."""
    length = max(len(found), len(expected))
    equal = sum(a == b for a, b in zip(found, expected, strict=False))
    return Check(subject, quantity, f"{equal} of {length}", "all equal", equal == length)


def close_tensor(subject: str, quantity: str, found: Tensor, expected: Tensor) -> Check:
    """Compare by the largest difference, in parts of the golden tensor's largest magnitude."""
    if found.shape != expected.shape:
        return _misshaped(subject, quantity, found, expected)
    error = float((found.float() - expected).abs().max() / expected.abs().max())
    return Check(subject, quantity, f"{error:.1e} of scale", f"<= {RELATIVE_BAR:g}", error <= RELATIVE_BAR)


def close_audio(
    subject: str, quantity: str, found: Tensor, expected: Tensor, bar: float = AUDIO_BAR
) -> list[Check]:
    """Compare by the largest difference between samples, and by correlation."""
    if found.shape != expected.shape:
        return [_misshaped(subject, quantity, found, expected)]
    error = float((found - expected).abs().max())
    correlation = float(np.corrcoef(found.double().numpy(), expected.double().numpy())[0, 1])
    alike = correlation >= CORRELATION_BAR
    return [
        Check(subject, f"{quantity}, samples", f"{error:.1e}", f"<= {bar:g}", error <= bar),
        Check(subject, f"{quantity}, correlation", f"{correlation:.7f}", f">= {CORRELATION_BAR:g}", alike),
    ]


def _misshaped(subject: str, quantity: str, found: Tensor, expected: Tensor) -> Check:
    return Check(subject, quantity, f"shape {tuple(found.shape)}", f"shape {tuple(expected.shape)}", False)


def read_golden(path: Path) -> Golden:
    """Return the arrays of an .npz file; floats become float32, integers int64."""
    with np.load(path) as arrays:
        golden = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    return {
        name: array.float() if array.is_floating_point() else array.long() for name, array in golden.items()
    }


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the formula's tensors for a JSON file of keys and shapes."""
    shapes = {key: tuple(shape) for key, shape in json.loads(path.read_text()).items()}
    return {key: torch.from_numpy(array) for key, array in formula_state_dict(shapes).items()}
