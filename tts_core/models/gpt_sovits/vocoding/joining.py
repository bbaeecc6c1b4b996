"""Two versions of the same moment of speech, blended so that nobody hears the change."""

from __future__ import annotations

import torch
from torch import Tensor


def crossfade(old: Tensor, new: Tensor) -> Tensor:
    """Return (samples,) that goes from one to the other, both (samples,) of float32.

    The two gains add up to one, not their squares: both sides are the same speech with the same noise, all
    but equal, so equal power would make the middle louder by up to 3 dB.
    """
    count = len(new)
    gain = (torch.arange(count, dtype=new.dtype, device=new.device) + 0.5) / count
    return old + gain * (new - old)
