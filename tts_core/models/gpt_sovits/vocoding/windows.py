"""The generator over windows of any segments: one call of a fixed shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class WindowGenerator(Protocol):
    """Latents (rows, channels, frames), styles, masks and the context's frames in; audio (rows, samples) out.

    A `Generator`, or what stands in for one.
    """

    def __call__(self, latents: Tensor, style: Tensor, mask: Tensor | None, context: int) -> Tensor: ...


@dataclass(frozen=True)
class WindowInputs:
    """What the generator needs for one window.

    Attributes:
        latents: (1, latent_channels, context + size + context), zeros beyond the segment's ends.
        mask: (1, 1, the same), 1 where the segment has frames; None where it has them all.
        style: (1, style_channels, 1), of the voice.
        size: frames of the window, one of WINDOW_FRAMES.
        context: frames on either side that belong to the neighbours.
    """

    latents: Tensor
    mask: Tensor | None
    style: Tensor
    size: int
    context: int


@torch.inference_mode()
def run_windows(generator: WindowGenerator, inputs: Sequence[WindowInputs], num_rows: int) -> list[Tensor]:
    """Return each window's audio: (size x hop,) in float32, in the host's memory.

    With the same `num_rows`, a window's audio is the same to the last bit whatever the others are.

    Raises:
        ValueError: no inputs, more than `num_rows`, or of several sizes.
    """
    latents, style, mask = stack_windows(inputs, num_rows)
    audio = generator(latents, style, mask, inputs[0].context)
    return list(audio[: len(inputs)].float().cpu().unbind(0))


def stack_windows(inputs: Sequence[WindowInputs], num_rows: int) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return (latents, style, mask) of `num_rows` rows: the inputs, then the first one again to fill up.

    The mask is None where no row needs one. A row of ones means the same, to the last bit.

    Raises:
        ValueError: no inputs, more than `num_rows`, or of several sizes.
    """
    if not 0 < len(inputs) <= num_rows:
        raise ValueError(f"{num_rows} rows can't hold {len(inputs)} windows")
    sizes = {window.size for window in inputs}
    if len(sizes) > 1:
        raise ValueError(f"windows of one call must be of one size; found {sorted(sizes)}")
    rows = [*inputs, *[inputs[0]] * (num_rows - len(inputs))]
    latents = torch.cat([row.latents for row in rows])
    style = torch.cat([row.style for row in rows])
    if all(row.mask is None for row in rows):
        return latents, style, None
    return latents, style, torch.cat([_mask_of(row) for row in rows])


def _mask_of(row: WindowInputs) -> Tensor:
    return torch.ones_like(row.latents[:, :1]) if row.mask is None else row.mask
