"""Latents once, then windows: joined, they are the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch

from tests.unit.models.gpt_sovits_vocoding.support import (
    HOP,
    codes_of,
    exact,
    new_vocoder,
    samples,
    vocode,
    voice_of,
)
from tts_core.models.gpt_sovits.sovits import Prior, SoVITS, num_frames
from tts_core.models.gpt_sovits.vocoding import (
    WINDOW_FRAMES,
    SegmentPlan,
    Work,
    latents_of,
    to_pcm,
)

VERSIONS = ("v1", "v2", "v2Pro", "v2ProPlus")


@pytest.mark.parametrize(("version", "is_first"), [*((version, True) for version in VERSIONS), ("v2", False)])
def test_joined_windows_are_the_whole(
    version: str, is_first: bool, sovits_of: Callable[[str], SoVITS]
) -> None:
    sovits, codes = sovits_of(version), codes_of(150)
    voice = voice_of(sovits)
    with torch.inference_mode():
        whole = sovits.generator(latents_of(sovits, voice, codes), voice.style.audio)[0]

    joined = b"".join(vocode(sovits, new_vocoder(sovits, voice, is_first=is_first), codes))

    assert samples(joined).std() > 1e-3
    np.testing.assert_allclose(samples(joined), whole.double().numpy(), atol=1e-4)


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.3, 2.0])
@pytest.mark.parametrize("low_latency", [False, True])
def test_a_short_segment_is_the_plain_path_s_at_every_speed(
    speed: float, low_latency: bool, sovits: SoVITS
) -> None:
    voice, codes = voice_of(sovits, speed=speed, noise_scale=0.0), codes_of(5)
    silent = torch.zeros(1, sovits.config.latent_channels, num_frames(len(codes), speed))
    whole = sovits.decode(torch.tensor(codes), torch.tensor(voice.phones), voice.style, silent, 0.0, speed)

    spoken = vocode(sovits, new_vocoder(sovits, voice, low_latency=low_latency), codes)

    np.testing.assert_allclose(samples(b"".join(spoken)), whole.double().numpy(), atol=1e-4)


def test_the_same_segment_gives_the_same_bytes(sovits: SoVITS) -> None:
    codes = codes_of(60)
    assert exact(sovits, voice_of(sovits), codes) == exact(sovits, voice_of(sovits), codes)
    assert exact(sovits, voice_of(sovits), codes) != exact(sovits, voice_of(sovits, seed=8), codes)


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.3, 2.0])
@pytest.mark.parametrize("count", [1, 11, 40])
def test_audio_is_as_long_as_its_frames(speed: float, count: int, sovits: SoVITS) -> None:
    spoken = exact(sovits, voice_of(sovits, speed=speed), codes_of(count))
    assert len(spoken) == 2 * HOP * num_frames(count, speed)


def test_nothing_is_due_before_the_tokens_are_complete(sovits: SoVITS) -> None:
    vocoder = new_vocoder(sovits, voice_of(sovits))
    assert vocoder.due(1500, is_complete=False) is None
    assert vocoder.due(1500, is_complete=True) is Work.SHAPE


def test_steps_out_of_turn_are_refused(sovits: SoVITS) -> None:
    vocoder, codes = new_vocoder(sovits, voice_of(sovits)), codes_of(8)
    with pytest.raises(RuntimeError, match="latents aren't due"):
        vocoder.shape(codes, is_complete=False)
    with pytest.raises(RuntimeError, match="no window is due"):
        vocoder.next_window()
    with pytest.raises(RuntimeError, match="no window is out"):
        vocoder.accept(torch.zeros(HOP))
    vocode(sovits, vocoder, codes)
    with pytest.raises(RuntimeError, match="latents aren't due"):
        vocoder.shape(codes, is_complete=True)


def test_audio_that_is_not_finite_is_an_error_that_names_the_frame(sovits: SoVITS) -> None:
    vocoder = new_vocoder(sovits, voice_of(sovits))
    vocoder.shape(codes_of(30), is_complete=True)
    first, second = vocoder.next_window(), vocoder.next_window()
    vocoder.accept(torch.zeros(first.size * HOP))
    with pytest.raises(FloatingPointError, match="from frame 16"):
        vocoder.accept(torch.full((second.size * HOP,), torch.nan))


def test_latents_take_their_noise_from_each_frames_place(sovits: SoVITS) -> None:
    drawn: list[torch.Tensor] = []
    take = type(sovits).latents

    def spy(prior: Prior, noise: torch.Tensor, *rest: Any) -> torch.Tensor:
        drawn.append(noise)
        return take(sovits, prior, noise, *rest)

    with patch.object(sovits, "latents", spy):
        latents_of(sovits, voice_of(sovits), codes_of(20))
        latents_of(sovits, voice_of(sovits), codes_of(30))
    short, long = drawn
    assert short.shape == (1, sovits.config.latent_channels, 40)
    assert torch.equal(long[:, :, :40], short)


@pytest.mark.parametrize("frames", [1, 15, 16, 17, 48, 49, 239, 240, 241, 3000])
@pytest.mark.parametrize("is_first", [True, False])
def test_windows_cover_all_frames_once_in_few_sizes(frames: int, is_first: bool) -> None:
    spans = SegmentPlan(1.0, is_first=is_first, low_latency=False).take_rest(frames)
    assert {span.size for span in spans} <= set(WINDOW_FRAMES)
    assert [span.start for span in spans] == [
        sum(span.num_frames for span in spans[:index]) for index in range(len(spans))
    ]
    assert sum(span.num_frames for span in spans) == frames
    assert spans[-1].size == min(size for size in WINDOW_FRAMES if size >= spans[-1].num_frames)
    if is_first:
        assert spans[0].size == WINDOW_FRAMES[0]


def test_loudness_is_a_fixed_gain_with_a_limit() -> None:
    audio = torch.tensor([0.0, 0.5, -0.5, 1.0, -1.0, 1.7, -1.7])
    assert np.frombuffer(to_pcm(audio), "<i2").tolist() == [0, 16384, -16384, 32767, -32767, 32767, -32767]
