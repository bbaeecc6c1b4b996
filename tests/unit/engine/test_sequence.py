"""A segment's work for the vocoder: when its tokens may be heard."""

from __future__ import annotations

import time

import pytest

from tests.unit.engine.support import (
    EARLY_TOKENS,
    MAX_LEAD_SAMPLES,
    RATE_HZ,
    FakeVocoder,
    fake_stream,
    new_listener,
    new_sequence,
)
from tts_core.engine.sequence import Sequence, SequenceStatus
from tts_core.engine.work import Work
from tts_core.models.gpt_sovits.guards import Expectation, Takes


def running(num_codes: int, *, is_watched: bool) -> Sequence:
    sequence = new_sequence(SequenceStatus.RUNNING, vocoder=FakeVocoder(is_early=True))
    sequence.codes = [0] * num_codes
    if is_watched:
        sequence.takes = Takes(Expectation.of(["AH0"] * 20), lambda num_codes: 0)
    return sequence


@pytest.mark.parametrize("is_watched", [False, True])
def test_what_is_watched_is_heard_a_token_later(is_watched: bool) -> None:
    num_due = EARLY_TOKENS + is_watched
    assert running(num_due - 1, is_watched=is_watched).work is None
    assert running(num_due, is_watched=is_watched).work is Work.SHAPE


def test_what_is_parked_can_be_heard_as_far_as_it_came() -> None:
    sequence = running(EARLY_TOKENS, is_watched=False)
    sequence.status = SequenceStatus.PARKED
    assert sequence.work is Work.SHAPE


def test_nothing_is_held_back_once_the_last_token_is_there() -> None:
    sequence = running(EARLY_TOKENS, is_watched=True)
    sequence.status = SequenceStatus.DECODED
    assert sequence.work is Work.SHAPE


@pytest.mark.parametrize(
    "status", [SequenceStatus.READING, SequenceStatus.WAITING, SequenceStatus.FAILED, SequenceStatus.DROPPED]
)
def test_whoever_is_not_being_spoken_has_no_work(status: SequenceStatus) -> None:
    """Between two takes there are no tokens at all."""
    sequence = running(0, is_watched=True)
    sequence.status = status
    assert sequence.work is None


# Listeners


@pytest.mark.parametrize(
    ("num_unsent", "audio_s", "expected"),
    [
        (0, 2.0, True),
        (MAX_LEAD_SAMPLES - 200, 2.0, True),
        (MAX_LEAD_SAMPLES - 199, 2.0, False),
        (MAX_LEAD_SAMPLES // 2, 99.0, True),
        (MAX_LEAD_SAMPLES // 2 + 1, 99.0, False),
    ],
)
def test_there_is_room_for_so_much_or_for_half_of_the_lead(
    num_unsent: int, audio_s: float, expected: bool
) -> None:
    listener = new_listener()
    fake_stream(listener).num_delivered, listener.num_produced = 50, 50 + num_unsent
    assert listener.has_room_for(audio_s) is expected


def test_whoever_stalled_runs_dry_when_they_have_played_what_waits_for_them() -> None:
    """By the clock they ran dry long ago, and would be served before those who are about to."""
    listener = new_listener(deadline=time.monotonic() - 60)
    late = listener.deadline
    listener.num_produced = fake_stream(listener).num_written = 4 * RATE_HZ
    assert late < time.monotonic() - 59
    assert time.monotonic() + 3 < listener.deadline <= time.monotonic() + 4


def test_whoever_plays_runs_dry_when_that_is_played_out() -> None:
    listener = new_listener(deadline=time.monotonic() + 60)
    listener.num_produced = fake_stream(listener).num_written = 4 * RATE_HZ
    assert listener.deadline == fake_stream(listener).deadline
    listener.num_produced += RATE_HZ  # on its way to the stream
    assert listener.deadline == fake_stream(listener).deadline + 1
