"""A voice's style, from spectrograms of its references and, for the Pro versions, speaker embeddings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import glu, mish, scaled_dot_product_attention

from tts_core.models.gpt_sovits.config import SoVITSConfig

_KERNEL = 5


@dataclass(frozen=True)
class Style:
    """What makes a voice: `audio` for flow and generator, `text` for the text encoder, (rows, C, 1) each."""

    audio: Tensor
    text: Tensor


class GatedConv(nn.Module):
    """A residual convolution with a gated linear unit."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(channels, 2 * channels, _KERNEL, padding=_KERNEL // 2)

    def forward(self, x: Tensor) -> Tensor:
        return x + glu(self.conv1(x), dim=1)


class FrameAttention(nn.Module):
    """Self-attention with a residual. Scores are divided by the root of the whole width, not of a head's."""

    def __init__(self, channels: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.w_qs = nn.Linear(channels, channels)
        self.w_ks = nn.Linear(channels, channels)
        self.w_vs = nn.Linear(channels, channels)
        self.fc = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self._heads(project(x)) for project in (self.w_qs, self.w_ks, self.w_vs))
        attended = scaled_dot_product_attention(query, key, value, scale=1 / math.sqrt(x.shape[2]))
        out: Tensor = self.fc(attended.transpose(1, 2).reshape(x.shape))
        return out + x

    def _heads(self, x: Tensor) -> Tensor:
        rows, frames, channels = x.shape
        return x.view(rows, frames, self.num_heads, channels // self.num_heads).transpose(1, 2)


class ReferenceEncoder(nn.Module):
    """A spectrogram of any length to one vector."""

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        hidden = config.reference_hidden
        self.num_bins = config.reference_bins
        self.spectral = nn.ModuleList((nn.Linear(config.reference_bins, hidden), nn.Linear(hidden, hidden)))
        self.temporal = nn.ModuleList((GatedConv(hidden), GatedConv(hidden)))
        self.slf_attn = FrameAttention(hidden, config.reference_heads)
        self.fc = nn.Linear(hidden, config.style_channels)

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Return (1, style_channels, 1) for one spectrogram (1, bins, frames); higher bins are not read."""
        x = spectrogram[:, : self.num_bins].transpose(1, 2)
        for linear in self.spectral:
            x = mish(linear(x))
        x = x.transpose(1, 2)
        for convolve in self.temporal:
            x = convolve(x)
        vectors: Tensor = self.fc(self.slf_attn(x.transpose(1, 2)))
        return vectors.mean(dim=1).unsqueeze(2)


class StyleEncoder(nn.Module):
    """References to a `Style`: the mean over references; the Pro versions' text side gets a narrower copy."""

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        self.config = config
        self.spectral = ReferenceEncoder(config)
        if config.is_pro:
            self.sv_emb = nn.Linear(config.speaker_channels, config.style_channels)
            self.prelu = nn.PReLU(config.style_channels)
            self.ge_to512 = nn.Linear(config.style_channels, config.mrte_channels)

    @torch.inference_mode()
    def encode(self, spectrograms: Sequence[Tensor], speakers: Sequence[Tensor] = ()) -> Style:
        """Return one voice's style.

        Args:
            spectrograms: one (1, bins, frames) for each reference, at least one.
            speakers: one (1, speaker_channels) for each, in the Pro versions; none in the others.

        Raises:
            ValueError: the two don't fit each other or the version.
        """
        expected = len(spectrograms) if self.config.is_pro else 0
        if not spectrograms or len(speakers) != expected:
            raise ValueError(
                f"{self.config.version} needs a spectrogram and {expected} speaker embeddings; "
                f"found {len(spectrograms)} and {len(speakers)}."
            )
        if not self.config.is_pro:
            audio = torch.stack([self.vector(spectrogram) for spectrogram in spectrograms]).mean(0)
            return Style(audio=audio, text=audio)
        pairs = zip(spectrograms, speakers, strict=True)
        audio = torch.stack([self.prelu(self.vector(*pair)) for pair in pairs]).mean(0)
        return Style(audio=audio, text=self.ge_to512(audio.transpose(1, 2)).transpose(1, 2))

    def vector(self, spectrogram: Tensor, speaker: Tensor | None = None) -> Tensor:
        """Return one reference's vector (1, style_channels, 1), before the Pro versions' activation."""
        dtype = self.spectral.fc.weight.dtype
        vector: Tensor = self.spectral(spectrogram.to(dtype))
        if speaker is None:
            return vector
        projected: Tensor = self.sv_emb(speaker.to(dtype))
        return vector + projected.unsqueeze(2)
