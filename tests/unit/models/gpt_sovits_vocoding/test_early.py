"""Low latency: speaking before a segment's tokens are complete."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import interpolate

from tests.unit.models.gpt_sovits_vocoding.support import (
    HOP,
    codes_of,
    early,
    exact,
    new_vocoder,
    samples,
    vocode,
    voice_of,
)
from tts_core.models.gpt_sovits.sovits import SoVITS, num_frames
from tts_core.models.gpt_sovits.vocoding import WINDOW_FRAMES, SegmentPlan, Work, anchored_latents_of
from tts_core.models.gpt_sovits.vocoding.plan import FADE_FRAMES, UNSETTLED_FRAMES, num_given
from tts_core.models.gpt_sovits.vocoding.shaping import stretch

SPEEDS = [0.5, 1.0, 1.3, 2.0]
FIRST_CUT = 11


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("count", [1, 10, 11, 18, 70])
def test_it_is_as_long_as_the_exact_audio_and_the_same_every_time(
    speed: float, count: int, sovits: SoVITS
) -> None:
    voice, codes = voice_of(sovits, speed=speed), codes_of(count)
    spoken = early(sovits, voice, codes)
    assert len(spoken) == 2 * HOP * num_frames(count, speed)
    assert spoken == early(sovits, voice, codes)


@pytest.mark.parametrize("speed", SPEEDS)
def test_it_is_nearly_the_exact_audio_at_the_same_places(speed: float, sovits: SoVITS) -> None:
    voice, codes = voice_of(sovits, speed=speed), codes_of(90)
    expected, found = samples(exact(sovits, voice, codes)), samples(early(sovits, voice, codes))
    assert (found - expected).std() < 0.5 * expected.std()
    assert (found != expected).any()


@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("speed", SPEEDS)
def test_what_may_have_left_was_due_a_token_ago(speed: float, is_first: bool) -> None:
    plan, given = SegmentPlan(speed, is_first=is_first, low_latency=True), 0
    for count in range(1, 400):
        while plan.has_early(count - 1):
            given = plan.next_cut
            plan.take_early()
        assert num_given(count, speed, is_first=is_first, low_latency=True) == given < count
        assert num_given(count, speed, is_first=is_first, low_latency=False) == 0


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_segment_may_end_anywhere_behind_what_has_left(speed: float, sovits: SoVITS) -> None:
    """Whatever was made of tokens before that, what is cut off behind it leaves no trace."""
    voice, codes = voice_of(sovits, speed=speed), codes_of(120)
    plan, num_left = SegmentPlan(speed, is_first=True, low_latency=True), 0
    while plan.has_early(119):
        plan.take_early()
        num_left += 1
    given = num_given(120, speed, is_first=True, low_latency=True)
    whole, ended = (
        vocode(sovits, new_vocoder(sovits, voice, low_latency=True), part) for part in (codes, codes[:given])
    )
    assert num_left > 0
    assert whole[:num_left] == ended[:num_left]


@pytest.mark.parametrize("speed", [1.0, 1.3])
def test_a_segment_that_ends_at_once_is_exact(speed: float, sovits: SoVITS) -> None:
    voice, cut = voice_of(sovits, speed=speed), SegmentPlan(speed, is_first=True, low_latency=True).next_cut
    below = codes_of(cut - 1)
    assert early(sovits, voice, below) == exact(sovits, voice, below)


def test_it_speaks_at_the_first_cut_and_uses_no_token_beyond(sovits: SoVITS) -> None:
    codes, other = codes_of(FIRST_CUT), codes_of(30, seed=9)
    few, many = (new_vocoder(sovits, voice_of(sovits), low_latency=True) for _ in range(2))
    assert few.due(FIRST_CUT - 1, is_complete=False) is None
    assert few.due(FIRST_CUT, is_complete=False) is Work.SHAPE
    few.shape(codes, is_complete=False)
    many.shape(codes + other, is_complete=True)
    assert torch.equal(few.next_window().latents, many.next_window().latents)
    assert few.due(FIRST_CUT, is_complete=False) is None


def test_later_segments_take_larger_steps() -> None:
    first, later = (SegmentPlan(1.0, is_first=is_first, low_latency=True) for is_first in (True, False))
    assert [span_cut(first) for _ in range(8)] == [11, 26, 57, 120, 183, 246, 309, 372]
    assert [span_cut(later) for _ in range(3)] == [67, 130, 193]


def span_cut(plan: SegmentPlan) -> int:
    cut = plan.next_cut
    plan.take_early()
    return cut


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.77, 1.0, 1.3, 2.0, 4.0])
def test_every_early_window_has_settled_frames_only(speed: float) -> None:
    plan = SegmentPlan(speed, is_first=True, low_latency=True)
    for _ in range(12):
        frames = num_frames(plan.next_cut, speed)
        span = plan.take_early()
        held_back = frames - (span.start + span.size - FADE_FRAMES)
        assert span.size == span.num_frames
        assert span.size in WINDOW_FRAMES
        assert held_back >= UNSETTLED_FRAMES
        assert held_back * speed >= UNSETTLED_FRAMES - 1e-6


def test_tokens_that_end_exactly_at_a_cut_are_still_spoken_whole(sovits: SoVITS) -> None:
    vocoder = new_vocoder(sovits, voice_of(sovits), low_latency=True)
    windows = vocode(sovits, vocoder, codes_of(FIRST_CUT))
    assert [len(pcm) // 2 // HOP for pcm in windows] == [14, 8]


# Speed


@pytest.mark.parametrize("speed", [0.5, 0.77, 1.3, 2.0])
def test_frames_of_a_prefix_are_the_same_moments_as_in_the_whole(speed: float) -> None:
    whole = torch.randn(1, 4, 80, generator=torch.Generator().manual_seed(1))
    settled = int(50 / speed) - 2
    for length in (52, 60, 80):
        part = stretch(whole[:, :, :length], speed, num_frames(length // 2, speed))
        assert torch.equal(part[:, :, :settled], stretch(whole, speed, settled))
    expected = interpolate(whole, scale_factor=1 / speed, mode="linear", recompute_scale_factor=False)
    found = stretch(whole, speed, expected.shape[2])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_at_its_own_speed_a_whole_segment_has_the_same_latents_either_way(sovits: SoVITS) -> None:
    voice, codes = voice_of(sovits), codes_of(20)
    vocoder = new_vocoder(sovits, voice)
    vocoder.shape(codes, is_complete=True)
    cut = vocoder.next_window()
    inside = cut.latents[:, :, cut.context : cut.context + cut.size]
    assert torch.equal(anchored_latents_of(sovits, voice, codes)[:, :, : cut.size], inside)
