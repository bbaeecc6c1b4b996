"""Joins of the low-latency mode against the interior of the same audio.

Weights of a formula speak white noise, in which a click drowns. So the generator is followed by a low-pass
that leaves what is loudest in a voice; there, a cut between two nearly equal versions stands out.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.support.joins import (
    MEASURES,
    Measure,
    agreement,
    energy_in_the_middle,
    largest_jump,
    ranks_of_joins,
    spectral_flux,
)
from tests.unit.models.gpt_sovits.builders import tiny_sovits
from tests.unit.models.gpt_sovits_vocoding.support import (
    HOP,
    codes_of,
    new_vocoder,
    samples,
    vocode,
    voice_of,
)
from tts_core.models.gpt_sovits.sovits import SoVITS
from tts_core.models.gpt_sovits.sovits.generator import Generator
from tts_core.models.gpt_sovits.vocoding import SegmentVoice, segment, shaping
from tts_core.models.gpt_sovits.vocoding.joining import crossfade
from tts_core.models.gpt_sovits.vocoding.plan import FADE_FRAMES

FADE = FADE_FRAMES * HOP
NUM_SEGMENTS = 5
NUM_JOINS = 3
CUTOFF_HZ = 400
Fade = Callable[[Tensor, Tensor], Tensor]


class MellowGenerator(nn.Module):
    """A generator whose audio is smooth. The low-pass reaches less than a frame, so one more is context."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.inner, self.config = generator, generator.config
        self.conv_pre = generator.conv_pre  # where SoVITS looks for its dtype and device
        time = torch.arange(-HOP // 2, HOP // 2 + 1) / 32000
        taps = torch.sinc(2 * CUTOFF_HZ * time) * torch.hann_window(len(time), periodic=False)
        self.taps = taps / taps.sum()
        self.made: dict[bytes, Tensor] = {}

    @property
    def receptive_field_frames(self) -> int:
        return self.inner.receptive_field_frames + 1

    def forward(self, latents: Tensor, style: Tensor, mask: Tensor | None, context: int) -> Tensor:
        """Make each window once: it is the same however it is joined."""
        masked = b"" if mask is None else mask.numpy().tobytes()
        known = b"".join((latents.numpy().tobytes(), masked, style.numpy().tobytes()))
        if known not in self.made:
            self.made[known] = self._make(latents, style, mask, context)
        return self.made[known]

    def _make(self, latents: Tensor, style: Tensor, mask: Tensor | None, context: int) -> Tensor:
        audio: Tensor = self.inner(latents, style, mask, context - 1)
        padded = audio.shape[1] + HOP
        spectrum = torch.fft.rfft(audio, padded) * torch.fft.rfft(self.taps, padded)
        mellow: Tensor = torch.fft.irfft(spectrum, padded)[:, HOP // 2 : HOP // 2 + audio.shape[1]]
        return mellow[:, HOP : audio.shape[1] - HOP]


@pytest.fixture(scope="module")
def mellow() -> SoVITS:
    sovits = tiny_sovits()
    sovits.generator = MellowGenerator(sovits.generator)  # type: ignore[assignment]
    return sovits


@dataclass(frozen=True)
class Spoken:
    """Segments with their joins, and how far the two versions agreed at each."""

    audio: list[tuple[NDArray[np.float64], list[int]]]
    agreements: list[float]

    def mean_rank(self, measure: Measure) -> float:
        """Return the mean of all joins: 0.5 where nothing is to be heard."""
        ranks = [ranks_of_joins(audio, joins, FADE, measure) for audio, joins in self.audio]
        return float(np.concatenate(ranks).mean())


def speak(sovits: SoVITS, speed: float = 1.0, crossfade: Fade = crossfade) -> Spoken:
    agreements = []

    def fade(old: Tensor, new: Tensor) -> Tensor:
        agreements.append(agreement(old.double().numpy(), new.double().numpy()))
        return crossfade(old, new)

    with patch.object(segment, "crossfade", fade):
        audio = [speak_one(sovits, speed, seed) for seed in range(NUM_SEGMENTS)]
    return Spoken(audio, agreements)


def speak_one(sovits: SoVITS, speed: float, seed: int) -> tuple[NDArray[np.float64], list[int]]:
    vocoder = new_vocoder(sovits, voice_of(sovits, seed=seed, speed=speed), low_latency=True)
    spoken = vocode(sovits, vocoder, codes_of(math.ceil(80 * speed), seed=seed))
    joins = np.cumsum([len(pcm) // 2 for pcm in spoken])[:NUM_JOINS]
    return samples(b"".join(spoken)), joins.tolist()


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.3, 2.0])
def test_joins_are_like_any_other_place(speed: float, mellow: SoVITS) -> None:
    spoken = speak(mellow, speed)
    assert len(spoken.agreements) >= NUM_SEGMENTS * NUM_JOINS
    assert min(spoken.agreements) > 0.7
    assert np.mean(spoken.agreements) > 0.95
    ranks = {measure.__name__: spoken.mean_rank(measure) for measure in MEASURES}
    assert [name for name, rank in ranks.items() if not 0.3 < rank < 0.7] == [], ranks


def test_without_a_cross_fade_joins_jump_and_splatter(mellow: SoVITS) -> None:
    spoken = speak(mellow, crossfade=lambda old, new: new)
    assert spoken.mean_rank(largest_jump) > 0.7
    assert spoken.mean_rank(spectral_flux) > 0.85


def test_with_equal_power_joins_would_be_louder(mellow: SoVITS) -> None:
    spoken = speak(mellow, crossfade=equal_power)
    assert spoken.mean_rank(energy_in_the_middle) > 0.85


def equal_power(old: Tensor, new: Tensor) -> Tensor:
    angle = torch.linspace(0, math.pi / 2, len(new))
    return old * angle.cos() + new * angle.sin()


def test_with_other_noise_the_versions_would_not_agree(mellow: SoVITS) -> None:
    right, seeds = shaping._noise, iter(range(100, 10**6))

    def wrong(sovits: SoVITS, voice: SegmentVoice, frames: int) -> Tensor:
        return right(sovits, dataclasses.replace(voice, seed=next(seeds)), frames)

    with patch.object(shaping, "_noise", wrong):
        assert np.mean(speak(mellow).agreements) < 0.8
