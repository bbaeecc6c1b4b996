"""Whether two voices' features are the same bits."""

from __future__ import annotations

import torch

from tts_core.models.gpt_sovits.prompt import PromptFeatures


def same(one: PromptFeatures, other: PromptFeatures) -> bool:
    pairs = [(one.tokens, other.tokens), (one.phones, other.phones), (one.bert, other.bert)]
    if (len(one.spectrograms), len(one.speakers)) != (len(other.spectrograms), len(other.speakers)):
        return False
    pairs += zip(one.spectrograms, other.spectrograms, strict=True)
    pairs += zip(one.speakers, other.speakers, strict=True)
    return all(left.dtype == right.dtype and torch.equal(left, right) for left, right in pairs)
