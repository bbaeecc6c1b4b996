"""What becomes of takes: said again, cut or kept, by a rule that only knows the request."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_core.models.gpt_sovits.guards import (
    MAX_RETRIES,
    Expectation,
    Flaw,
    Takes,
    Verdict,
    counts_of,
    report,
)
from tts_core.sampling_params import MAX_TOKENS, MIN_TOKENS, SamplingParams
from tts_core.stats import GuardStats

EXPECTED = Expectation(least=20, most=100, usual=45.0, most_repeated=30)
GOOD = list(range(40))
LOST = list(range(12))
LOOP = [*range(25), *[7] * 60]
LOOP_START = 26
ENDLESS = list(range(150))


def new_takes(num_given: Callable[[int], int] = lambda count: 0) -> Takes:
    return Takes(EXPECTED, num_given)


def say(takes: Takes, tokens: list[int]) -> Verdict:
    """Say tokens and then the end, unless it is broken off before that."""
    for count, token in enumerate(tokens, start=1):
        if takes.watch(token):
            return takes.end(tokens[:count], is_complete=False)
    return takes.end(tokens, is_complete=True)


def test_a_good_take_is_spoken_as_it_is() -> None:
    assert say(new_takes(), GOOD) == Verdict(0, 40, None, GOOD)


@pytest.mark.parametrize(
    ("tokens", "flaw", "num_tokens"),
    [(LOST, Flaw.LOST, 12), (LOOP, Flaw.LOOP, LOOP_START + 30), (ENDLESS, Flaw.RUNAWAY, 100)],
)
def test_a_flawed_take_ends_when_it_is_found_out_and_another_one_follows(
    tokens: list[int], flaw: Flaw, num_tokens: int
) -> None:
    takes = new_takes()
    assert say(takes, tokens) == Verdict(0, num_tokens, flaw, None)
    assert takes.take == 1
    assert say(takes, GOOD) == Verdict(1, 40, None, GOOD)


def test_a_take_that_fills_its_room_is_a_runaway() -> None:
    takes = new_takes()
    for token in GOOD:
        assert not takes.watch(token)
    assert takes.end(GOOD, is_complete=False).flaw is Flaw.RUNAWAY


def test_nothing_is_remembered_of_a_take_by_the_next_one() -> None:
    takes = new_takes()
    say(takes, LOOP[:-5])
    almost = [7] * 30
    assert say(takes, almost) == Verdict(1, 30, None, almost)


@pytest.mark.parametrize(
    ("tries", "spoken"),
    [
        ((LOST, LOOP, ENDLESS), LOOP[:LOOP_START]),
        ((LOST, ENDLESS, LOST), LOST),
        ((ENDLESS, ENDLESS, ENDLESS), ENDLESS[:100]),
        (([1] * 12, [2] * 12, [3] * 12), [1] * 12),
        (([5] * 99, LOST, LOST), LOST),
    ],
)
def test_of_flawed_takes_alone_the_nearest_to_the_usual_is_spoken(
    tries: tuple[list[int], ...], spoken: list[int]
) -> None:
    takes = new_takes()
    verdicts = [say(takes, tokens) for tokens in tries]
    assert [verdict.codes is None for verdict in verdicts] == [True] * MAX_RETRIES + [False]
    assert verdicts[-1].codes == spoken
    assert verdicts[-1].flaw is not None


@pytest.mark.parametrize(
    ("tokens", "num_given", "num_kept"),
    [
        (LOST, 5, len(LOST)),
        (LOOP, 5, LOOP_START),
        (LOOP, 40, 40),
        (ENDLESS, 40, 100),
        ([7] * 60, 5, MIN_TOKENS),
    ],
)
def test_what_may_have_left_is_not_said_again_and_loops_end(
    tokens: list[int], num_given: int, num_kept: int
) -> None:
    verdict = say(new_takes(lambda count: num_given), tokens)
    assert verdict.flaw is not None
    assert verdict.codes == tokens[:num_kept]


def test_a_later_take_of_which_audio_may_have_left_is_spoken_whatever_came_before() -> None:
    takes = new_takes(lambda count: 30 if count > 30 else 0)
    assert say(takes, LOST).codes is None
    assert say(takes, LOOP).codes == LOOP[:30]


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=200), min_size=3, max_size=3))
def test_there_is_an_end_and_it_is_the_same_twice(tries: list[list[int]]) -> None:
    first, second = new_takes(), new_takes()
    for tokens in tries:
        verdict = say(first, tokens)
        assert verdict == say(second, tokens)
        assert verdict.num_tokens <= EXPECTED.most
        if verdict.codes is not None:
            assert 0 < len(verdict.codes) <= EXPECTED.most
            return
    raise AssertionError("still not over")


# Who is watched


def test_requests_are_watched_unless_they_say_otherwise() -> None:
    assert SamplingParams().is_guarded
    assert SamplingParams(temperature=0.5, top_k=3).is_guarded
    assert not SamplingParams(guard=False).is_guarded


@pytest.mark.parametrize(
    "params",
    [
        SamplingParams(ignore_eos=True),
        SamplingParams(min_tokens=12),
        SamplingParams(max_tokens=MAX_TOKENS - 1),
    ],
)
def test_where_lengths_are_asked_for_they_are_not_judged(params: SamplingParams) -> None:
    assert not params.is_guarded


# Telling


def test_every_take_is_counted() -> None:
    takes = new_takes()
    verdicts = [say(takes, tokens) for tokens in (LOST, LOOP, ENDLESS)]
    verdicts += [say(new_takes(), GOOD)]
    counted = sum((counts_of(verdict) for verdict in verdicts), GuardStats())
    assert dataclasses.asdict(counted) == {
        "num_segments": 2,
        "num_lost": 1,
        "num_loops": 1,
        "num_runaways": 1,
        "num_retries": 2,
        "num_kept": 1,
    }


def test_a_flaw_is_told_once_with_the_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    takes = new_takes()
    for tokens in (LOST, LOOP, ENDLESS):
        report(say(takes, tokens), "abc", 3)
    report(say(new_takes(), GOOD), "abc", 4)
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO", "WARNING"]
    assert caplog.messages == [
        "lost after 12 tokens: take 0 of segment 3 of request 'abc'; it is said again",
        "loop after 56 tokens: take 1 of segment 3 of request 'abc'; it is said again",
        "runaway after 100 tokens: take 2 of segment 3 of request 'abc'; 26 tokens are spoken",
    ]
