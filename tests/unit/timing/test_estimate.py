"""Estimated words keep to the audio, to their order, and to its pauses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.timing.signals import RATE_HZ, silence, tone
from tts_core.timing.estimate import estimate
from tts_core.timing.marks import Word


def words(*lengths_and_gaps: tuple[float, int]) -> list[Word]:
    return [Word(10 * index, 10 * index + 9, ms, gap) for index, (ms, gap) in enumerate(lengths_and_gaps)]


def seconds(pcm: bytes, *given: tuple[float, int]) -> list[tuple[float, float]]:
    return [(start / RATE_HZ, end / RATE_HZ) for start, end in estimate(words(*given), pcm, RATE_HZ)]


def test_words_share_the_sound_in_proportion() -> None:
    pcm = silence(0.2) + tone(0.9) + silence(0.3)
    spans = seconds(pcm, (200, 1), (100, 1), (600, 3))
    assert [edge for span in spans for edge in span] == pytest.approx(
        [0.2, 0.38, 0.38, 0.47, 0.47, 1.1], abs=0.011
    )  # the last one slows down, as if it were 100 ms longer


def test_a_pause_is_where_the_text_has_a_mark() -> None:
    """By length alone the comma would be at 0.75 s; the silence says that it is at 0.6."""
    pcm = tone(0.6) + silence(0.25) + tone(0.9)
    spans = seconds(pcm, (300, 1), (300, 2), (300, 1), (300, 3))
    assert spans[1][1] == pytest.approx(0.6, abs=0.011)
    assert spans[2][0] == pytest.approx(0.85, abs=0.011)


def test_a_mark_draws_a_pause_from_where_there_is_none() -> None:
    """After 0.37 of 1.2 s the first word is nearer than the second, but only that has a comma."""
    pcm = tone(0.37) + silence(0.2) + tone(0.83)
    spans = seconds(pcm, (300, 1), (300, 2), (300, 1), (300, 1))
    assert spans[1][1] == pytest.approx(0.37, abs=0.011)
    assert spans[2][0] == pytest.approx(0.57, abs=0.011)


def test_a_stop_is_no_pause() -> None:
    """80 ms in the middle of a word of two: a closure, since it stands far from where the words meet."""
    pcm = tone(0.3) + silence(0.08) + tone(0.6)
    spans = seconds(pcm, (600, 1), (300, 3))
    assert spans[0][1] == spans[1][0]
    assert spans[0][1] == pytest.approx(0.588, abs=0.02)


def test_of_two_marks_the_pause_goes_to_the_nearer() -> None:
    pcm = tone(0.4) + tone(0.45) + silence(0.3) + tone(0.4)
    spans = seconds(pcm, (400, 2), (400, 2), (400, 3))
    assert spans[2][0] == pytest.approx(1.15, abs=0.011)
    assert spans[0][1] == pytest.approx(0.378, abs=0.02)


def test_silence_alone_is_shared_all_the_same() -> None:
    assert seconds(silence(1.0), (100, 1), (100, 1)) == [(0.0, 0.5), (0.5, 1.0)]


def test_nothing_gives_nothing() -> None:
    assert estimate([], tone(0.1), RATE_HZ) == []
    assert estimate(words((100, 1)), b"", RATE_HZ) == [(0, 0)]


@settings(max_examples=60, deadline=None)
@given(
    bursts=st.lists(st.tuples(st.booleans(), st.integers(1, 3000)), max_size=30),
    given_words=st.lists(st.tuples(st.floats(0, 900), st.integers(0, 3)), max_size=25),
    rate_hz=st.sampled_from([8000, 22_050, 32_000]),
)
def test_words_are_in_order_and_never_beyond_the_audio(
    bursts: list[tuple[bool, int]], given_words: list[tuple[float, int]], rate_hz: int
) -> None:
    rng = np.random.default_rng(0)
    parts = [rng.integers(-9000, 9000, size) * is_loud for is_loud, size in bursts]
    pcm = np.concatenate([np.zeros(0), *parts]).astype("<i2").tobytes()
    spans = estimate(words(*given_words), pcm, rate_hz)
    edges = [edge for span in spans for edge in span]
    assert len(spans) == len(given_words)
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(pcm) // 2 for edge in edges)
