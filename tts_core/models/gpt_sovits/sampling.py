"""The reference's sampling, in its order, for a batch whose rows have their own settings and noise.

Repetition penalty, then top-p on untempered logits, then temperature, then top-k with ties kept, then
argmax(p / Exp(1) noise). All randomness comes in as `noise`; rows never touch each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

MIN_TEMPERATURE = 1e-5


@dataclass(frozen=True)
class SamplingTensors:
    """One entry per row: top_k (int64, 1 or more), and top_p, temperature, repetition_penalty (float32)."""

    top_k: Tensor
    top_p: Tensor
    temperature: Tensor
    repetition_penalty: Tensor


@dataclass(frozen=True)
class Sampled:
    """`tokens` (rows,) as drawn, and `greedy` (rows,), the argmax after the penalty: either may be EOS."""

    tokens: Tensor
    greedy: Tensor


def sample(
    logits: Tensor, seen: Tensor, noise: Tensor, settings: SamplingTensors, eos: int, allow_eos: Tensor
) -> Sampled:
    """Draw one token per row.

    Args:
        logits: (rows, vocab) in float32; left as they are.
        seen: (rows, vocab) bool, true for every token of the row's prompt and of what it has generated.
        noise: (rows, vocab) positive draws of Exp(1).
        eos: the token that ends speech.
        allow_eos: (rows,) bool, whether speech may end here.
    """
    logits = suppress(logits, eos, allow_eos)
    logits = penalise(logits, seen, settings.repetition_penalty)
    # Stable, so that equal logits keep the order in which argmax prefers them.
    ranked, order = torch.sort(logits, dim=-1, descending=True, stable=True)
    probabilities = ranked_probabilities(ranked, settings)
    choice = (probabilities / noise.gather(1, order)).argmax(dim=-1, keepdim=True)
    return Sampled(tokens=order.gather(1, choice).squeeze(1), greedy=order[:, 0])


def suppress(logits: Tensor, token: int, allowed: Tensor) -> Tensor:
    """Return the logits with `token` impossible in rows that are not `allowed` (rows,)."""
    column = torch.arange(logits.shape[1], device=logits.device) == token
    return logits.masked_fill(column & ~allowed.unsqueeze(1), -math.inf)


def penalise(logits: Tensor, seen: Tensor, penalty: Tensor) -> Tensor:
    """Make seen tokens less likely: negative logits times `penalty` (rows,), positive ones divided by it."""
    penalty = penalty.unsqueeze(1)
    return torch.where(seen, torch.where(logits < 0, logits * penalty, logits / penalty), logits)


def ranked_probabilities(ranked: Tensor, settings: SamplingTensors) -> Tensor:
    """Return probabilities for logits sorted from high to low in each row.

    In order: top-p, temperature, top-k, softmax.
    Top-p drops tokens whose cumulative probability, themselves included, is above it; the first always stays.
    """
    cumulative = ranked.softmax(dim=-1).cumsum(dim=-1)
    top_p = settings.top_p.unsqueeze(1)
    dropped = (cumulative > top_p) & (top_p < 1)
    dropped[:, 0] = False
    tempered = ranked.masked_fill(dropped, -math.inf)
    tempered = tempered / settings.temperature.clamp(min=MIN_TEMPERATURE).unsqueeze(1)
    last_kept = settings.top_k.clamp(max=ranked.shape[1]).unsqueeze(1) - 1
    pivot = tempered.gather(1, last_kept)
    return tempered.masked_fill(tempered < pivot, -math.inf).softmax(dim=-1)
