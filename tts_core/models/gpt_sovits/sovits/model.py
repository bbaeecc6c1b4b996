"""SoVITS as stages over batches: style of a voice, prior and latents of a segment, audio of a window."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.sovits.codebook import FRAMES_PER_CODE, SemanticCodebook
from tts_core.models.gpt_sovits.sovits.flow import Flow
from tts_core.models.gpt_sovits.sovits.generator import Generator
from tts_core.models.gpt_sovits.sovits.reference import Style, StyleEncoder
from tts_core.models.gpt_sovits.sovits.text_encoder import TextEncoder, resample_frames


@dataclass(frozen=True)
class Prior:
    """The distribution of latents: (rows, latent_channels, frames) each, and `mask` (rows, 1, frames)."""

    mean: Tensor
    log_scale: Tensor
    mask: Tensor


def num_frames(num_codes: int, speed: float = 1.0) -> int:
    """Return the latent frames of `num_codes` tokens spoken at `speed`, as the reference counts them."""
    frames = FRAMES_PER_CODE * num_codes
    return frames if speed == 1 else int(frames / speed) + 1


class SoVITS(nn.Module):
    """The stages. Build it with `build_sovits`. Noise comes in as a tensor; nothing is kept between calls.

    Attributes:
        frame_step: what numbers of frames and phones are rounded up to inside `prior` and `latents`, where
            every new number costs machine code.
    """

    frame_step = 1

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        self.config = config
        self.codebook = SemanticCodebook(config)
        self.style = StyleEncoder(config)
        self.text_encoder = TextEncoder(config)
        self.flow = Flow(config)
        self.generator = Generator(config)

    @property
    def dtype(self) -> torch.dtype:
        return self.generator.conv_pre.weight.dtype

    @property
    def device(self) -> torch.device:
        return self.generator.conv_pre.weight.device

    @torch.inference_mode()
    def prior(
        self,
        codes: Tensor,
        code_lengths: Tensor,
        phones: Tensor,
        phone_lengths: Tensor,
        style: Style,
        frame_lengths: Tensor | None = None,
        max_frames: int | None = None,
    ) -> Prior:
        """Return each row's distribution of latents. Rows are padded on the right and don't see each other.

        Args:
            codes: (rows, T) semantic tokens, without prompt; code_lengths: (rows,).
            phones: (rows, P) ids of the target text, without prompt; phone_lengths: (rows,).
            style: of each row's voice.
            frame_lengths: (rows,) `num_frames` of each row at its speed, where any differs from 1.
            max_frames: frames of the result, if `frame_lengths` is given.
        """
        count, lengths = FRAMES_PER_CODE * codes.shape[1], FRAMES_PER_CODE * code_lengths
        features = self._filled(self.codebook.decode(codes).to(self.dtype))
        phones = self._filled(phones)
        mask = length_mask(lengths, features.shape[2], self.dtype)
        text_mask = length_mask(phone_lengths, phones.shape[1], self.dtype)
        frames = self.text_encoder(features, mask, phones, text_mask, style.text)[:, :, :count]
        mask = mask[:, :, :count]
        if frame_lengths is not None and max_frames is not None:
            frames = resample_frames(frames, lengths, frame_lengths, max_frames)
            mask = length_mask(frame_lengths, max_frames, self.dtype)
        mean, log_scale = self.text_encoder.prior(frames, mask)
        return Prior(mean=mean, log_scale=log_scale, mask=mask)

    @torch.inference_mode()
    def latents(self, prior: Prior, noise: Tensor, noise_scale: float, style: Style) -> Tensor:
        """Return the generator's latents (rows, latent_channels, frames), zero beyond each row's end.

        Args:
            noise: (rows, latent_channels, frames) of the standard normal distribution.
        """
        drawn = prior.mean + noise.to(self.dtype) * prior.log_scale.exp() * noise_scale
        mask = self._filled(prior.mask)
        moved: Tensor = self.flow(self._filled(drawn), mask, style.audio) * mask
        return moved[:, :, : drawn.shape[2]]

    @torch.inference_mode()
    def decode(
        self,
        codes: Tensor,
        phones: Tensor,
        style: Style,
        noise: Tensor,
        noise_scale: float,
        speed: float = 1.0,
    ) -> Tensor:
        """Return one segment's whole audio (samples,) in float32: the plain path that batches are held to.

        Args:
            codes: (T,); phones: (P,); noise: (1, latent_channels, num_frames(T, speed)).
        """
        lengths = (
            torch.tensor([len(codes)], device=self.device),
            torch.tensor([len(phones)], device=self.device),
        )
        frames = None if speed == 1 else num_frames(len(codes), speed)
        frame_lengths = None if frames is None else torch.tensor([frames], device=self.device)
        prior = self.prior(codes[None], lengths[0], phones[None], lengths[1], style, frame_lengths, frames)
        audio: Tensor = self.generator(self.latents(prior, noise, noise_scale, style), style.audio)
        return audio[0].float()

    def _filled(self, x: Tensor) -> Tensor:
        """Append zeros to the last dimension, up to a number of frames or phones that is computed."""
        return pad(x, (0, -x.shape[-1] % self.frame_step))


def length_mask(lengths: Tensor, size: int, dtype: torch.dtype) -> Tensor:
    """Return (rows, 1, size): 1 for the first `lengths` columns of a row, 0 for the rest."""
    index = torch.arange(size, device=lengths.device)
    return (index < lengths.unsqueeze(1)).to(dtype).unsqueeze(1)
