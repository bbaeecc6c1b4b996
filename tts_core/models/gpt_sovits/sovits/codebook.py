"""The semantic codebook: HuBERT features to tokens, and tokens to the text encoder's features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.loading import empty_embedding

FRAMES_PER_CODE = 2


class SemanticCodebook(nn.Module):
    """One codebook of (codes, channels). Stays float32, so that prompt tokens don't depend on precision."""

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        channels = config.ssl_channels
        self.project = nn.Conv1d(channels, channels, FRAMES_PER_CODE, stride=FRAMES_PER_CODE)
        self.codes = empty_embedding(config.codebook_size, channels)

    @torch.inference_mode()
    def encode(self, features: Tensor) -> Tensor:
        """Return (rows, frames // 2) tokens at 25 Hz for (rows, channels, frames) HuBERT features at 50 Hz.

        The nearest code by Euclidean distance. |x|² is the same for every code, so it is left out.
        """
        projected: Tensor = self.project(features.float())
        embedded = projected.transpose(1, 2)
        closeness = 2 * embedded @ self.codes.weight.T - self.codes.weight.square().sum(1)
        return closeness.argmax(dim=2)

    def decode(self, codes: Tensor) -> Tensor:
        """Return (rows, channels, 2 * codes): each code's features, twice, for 50 frames a second."""
        features: Tensor = self.codes(codes)
        return features.transpose(1, 2).repeat_interleave(FRAMES_PER_CODE, dim=2)
