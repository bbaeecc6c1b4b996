"""Loops are heard, however long their cycle; speech, singing and noise aren't taken for one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_core.models.gpt_sovits.guards import Repetition
from tts_core.models.gpt_sovits.guards.expectation import REPEATED_TOKENS
from tts_core.models.gpt_sovits.guards.repetition import MAX_DISTANCE

TOKENS = st.integers(0, 1023)


def sung(seed: int, num_tokens: int = 200) -> list[int]:
    """Return tokens that are more alike than those of singing: two in five are as the one before, some are
    held up to 10 long, and a vibrato comes back to those just left.
    """
    chance, tokens = random.Random(seed), [0]
    while len(tokens) < num_tokens:
        if chance.random() < 0.02:
            tokens += [tokens[-1]] * 6
        held = chance.random() < 0.2
        tokens.append(tokens[-1] if held else chance.choice([*tokens[-5:], *range(0, 1024, 50)]))
    return tokens[:num_tokens]


def first_loop(tokens: list[int], most: int = REPEATED_TOKENS) -> tuple[int, int] | None:
    """Return how many tokens were heard before a loop was, and where it begins."""
    repetition = Repetition(most)
    for count, token in enumerate(tokens, start=1):
        start = repetition.add(token)
        if start is not None:
            return count, start
    return None


@given(
    speech=st.lists(TOKENS, max_size=60, unique=True),
    cycle=st.lists(st.integers(1024, 2047), min_size=1, max_size=MAX_DISTANCE, unique=True),
    most=st.integers(5, 80),
)
def test_a_loop_is_heard_as_soon_as_it_was_repeated_enough(
    speech: list[int], cycle: list[int], most: int
) -> None:
    """With tokens of its own, so that it begins where it does and not by chance before."""
    tokens = speech + cycle * (2 + most // len(cycle))
    begins = len(speech) + len(cycle)
    assert first_loop(tokens, most) == (begins + most, begins)


@given(st.lists(TOKENS, max_size=200, unique=True))
def test_what_is_said_once_is_no_loop(tokens: list[int]) -> None:
    assert first_loop(tokens, most=1) is None


@pytest.mark.parametrize("seed", range(10))
def test_noise_is_no_loop(seed: int) -> None:
    chance = random.Random(seed)
    assert first_loop([chance.randrange(1024) for _ in range(1500)], most=8) is None


@pytest.mark.parametrize("seed", range(10))
def test_singing_is_no_loop(seed: int) -> None:
    assert first_loop(sung(seed, 500)) is None


@pytest.mark.parametrize("num_kinds", [2, 3, 4])
def test_a_pause_of_a_second_is_no_loop(num_kinds: int) -> None:
    """Silence comes in a few tokens, any of which follows any other."""
    chance = random.Random(num_kinds)
    for _ in range(200):
        pause = [chance.randrange(num_kinds) for _ in range(25)]
        assert first_loop([*sung(1), *pause]) is None


def test_a_vowel_held_for_a_second_is_no_loop() -> None:
    assert first_loop([*sung(1), *[7] * 25]) is None


def test_a_phrase_is_heard_again_though_each_time_is_a_little_different() -> None:
    chance = random.Random(1)
    phrase = [chance.randrange(1024) for _ in range(60)]
    tokens = [token if chance.random() < 0.8 else chance.randrange(1024) for token in phrase * 6]
    found = first_loop(tokens)
    assert found is not None
    heard, start = found
    assert 120 < heard < 240
    assert 60 <= start < 75


def test_what_is_said_again_beyond_reach_is_no_loop() -> None:
    chance = random.Random(2)
    phrase = [chance.randrange(1024) for _ in range(MAX_DISTANCE + 1)]
    assert first_loop(phrase * 3, most=8) is None


def test_a_loop_that_is_broken_off_is_forgotten() -> None:
    stuck, rest = [7] * (REPEATED_TOKENS - 1), [*range(100, 100 + 2 * REPEATED_TOKENS)]
    assert first_loop(stuck + rest + stuck) is None
    assert first_loop(stuck + stuck + rest) is not None


def test_what_singing_repeated_is_not_cut_off_with_the_loop_after_it() -> None:
    song = sung(1)
    found = first_loop([*song, *[7] * (REPEATED_TOKENS + 1)])
    assert found is not None
    assert len(song) - 10 < found[1] <= len(song) + 1
