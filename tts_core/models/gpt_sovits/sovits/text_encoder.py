"""From semantic features, phones and a voice to the distribution of latents."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.loading import empty_embedding
from tts_core.models.gpt_sovits.sovits.attention import Attention, Encoder, unseen


class TimbreAttention(nn.Module):
    """MRTE: semantic frames look at the phones, then take on the voice's style."""

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        hidden, wide = config.hidden_channels, config.mrte_channels
        self.cross_attention = Attention(wide, config.mrte_heads)
        self.c_pre = nn.Conv1d(hidden, wide, 1)
        self.text_pre = nn.Conv1d(hidden, wide, 1)
        self.c_post = nn.Conv1d(wide, hidden, 1)

    def forward(self, frames: Tensor, mask: Tensor, text: Tensor, text_mask: Tensor, style: Tensor) -> Tensor:
        frames = self.c_pre(frames * mask)
        text = self.text_pre(text * text_mask)
        attended = self.cross_attention(frames * mask, text * text_mask, unseen(mask, text_mask))
        out: Tensor = self.c_post((attended + frames + style) * mask)
        return out


class TextEncoder(nn.Module):
    """Semantic frames and phones in; mean and log-scale of the latents out."""

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        hidden = config.hidden_channels
        self.ssl_proj = nn.Conv1d(config.ssl_channels, hidden, 1)
        self.encoder_ssl = Encoder(config, config.num_layers // 2)
        self.encoder_text = Encoder(config, config.num_layers)
        self.text_embedding = empty_embedding(config.num_symbols, hidden)
        self.mrte = TimbreAttention(config)
        self.encoder2 = Encoder(config, config.num_layers // 2)
        self.proj = nn.Conv1d(hidden, 2 * config.latent_channels, 1)

    def forward(
        self, features: Tensor, mask: Tensor, phones: Tensor, text_mask: Tensor, style: Tensor
    ) -> Tensor:
        """Return the hidden frames (rows, hidden, frames), before any change of speed.

        Args:
            features: (rows, ssl_channels, frames) of the codes.
            mask: (rows, 1, frames); text_mask: (rows, 1, phones); both 1 where a row counts.
            phones: (rows, phones) ids of the target text alone.
            style: (rows, mrte_channels, 1).
        """
        frames = self.encoder_ssl(self.ssl_proj(features * mask) * mask, mask)
        text = self.text_embedding(phones).transpose(1, 2)
        text = self.encoder_text(text * text_mask, text_mask)
        frames = self.mrte(frames, mask, text, text_mask, style)
        out: Tensor = self.encoder2(frames * mask, mask)
        return out

    def prior(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the latents' mean and log-scale, (rows, latent_channels, frames) each."""
        mean, log_scale = (self.proj(frames) * mask).chunk(2, dim=1)
        return mean, log_scale


def resample_frames(frames: Tensor, lengths: Tensor, new_lengths: Tensor, num_frames: int) -> Tensor:
    """Stretch each row's first `lengths` frames linearly over `new_lengths` of `num_frames`.

    The first and last half frame are held, as in linear interpolation without aligned corners.
    (rows, C, T) in, (rows, C, num_frames) out; a row whose length doesn't change comes out as it was.
    """
    old, new = lengths.unsqueeze(1), new_lengths.unsqueeze(1)
    index = torch.arange(num_frames, device=frames.device, dtype=torch.float32).unsqueeze(0)
    source = ((index + 0.5) * (old.float() / new.float()) - 0.5).clamp(min=0)
    left = source.long().clamp(max=old - 1)
    right = (left + 1).clamp(max=old - 1)
    weight = (source - left).clamp(max=1).to(frames.dtype).unsqueeze(1)
    return _columns(frames, left) * (1 - weight) + _columns(frames, right) * weight


def _columns(frames: Tensor, index: Tensor) -> Tensor:
    return frames.gather(2, index.unsqueeze(1).expand(-1, frames.shape[1], -1))
