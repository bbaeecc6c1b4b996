"""A segment's work for the vocoder: when its tokens may be heard."""

from __future__ import annotations

import pytest

from tests.unit.engine.support import EARLY_TOKENS, FakeVocoder, new_sequence
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
