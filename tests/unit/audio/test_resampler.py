"""Other sample rates: clean, in time, of the right length, and the same however the input is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.audio.signals import sine
from tts_core.audio.resampler import Resampler, resampled_length

PAIRS = [
    (32_000, 24_000),
    (22_050, 24_000),
    (24_000, 48_000),
    (44_100, 48_000),
    (48_000, 24_000),
    (32_000, 48_000),
]


def resample(samples: np.ndarray, rates_hz: tuple[int, int], cuts: tuple[int, ...] = ()) -> np.ndarray:
    resampler = Resampler(*rates_hz, samples.dtype.type)
    pieces = [resampler.push(piece) for piece in np.split(samples, sorted(cuts))]
    return np.concatenate([*pieces, resampler.finish()])


@pytest.mark.parametrize("rates_hz", PAIRS)
@pytest.mark.parametrize("frequency_hz", [440, 3000, 9000])
def test_a_tone_stays_the_same_tone_above_90_db(rates_hz: tuple[int, int], frequency_hz: int) -> None:
    got = resample(sine(rates_hz[0], frequency_hz), rates_hz).astype(float)
    time_s = np.arange(got.size) / rates_hz[1]
    wanted = 30000 * np.sin(2 * np.pi * frequency_hz * time_s)
    middle = slice(got.size // 10, -got.size // 10)
    error = got[middle] - wanted[middle]
    assert 10 * np.log10(np.mean(wanted[middle] ** 2) / np.mean(error**2)) > 90


@pytest.mark.parametrize("frequency_hz", [13_000, 14_500, 15_900])
def test_what_the_lower_rate_cannot_hold_is_removed_not_folded(frequency_hz: int) -> None:
    got = resample(sine(32_000, frequency_hz), (32_000, 24_000))[500:-500]
    assert np.abs(got).max() <= 3


@pytest.mark.parametrize("rates_hz", PAIRS)
@pytest.mark.parametrize("num_samples", [0, 1, 2, 63, 65, 130, 1001])
def test_length_is_exact_even_when_shorter_than_the_filter(
    rates_hz: tuple[int, int], num_samples: int
) -> None:
    got = resample(np.full(num_samples, 1000, np.int16), rates_hz)
    assert got.size == resampled_length(num_samples, *rates_hz)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(PAIRS), st.lists(st.integers(0, 3000), max_size=40).map(tuple), st.booleans())
def test_any_cutting_gives_the_same_samples(
    rates_hz: tuple[int, int], cuts: tuple[int, ...], is_float: bool
) -> None:
    samples = np.random.default_rng(3).integers(-32768, 32767, 3000).astype(np.int16)
    if is_float:
        samples = (samples / 32768).astype(np.float32)
    assert np.array_equal(resample(samples, rates_hz, cuts), resample(samples, rates_hz))


def test_equal_rates_pass_untouched() -> None:
    samples = np.arange(-50, 50, dtype=np.int16)
    assert np.array_equal(resample(samples, (24_000, 24_000)), samples)


@pytest.mark.parametrize("rates_hz", [(0, 24_000), (24_000, -1)])
def test_impossible_rates_are_refused(rates_hz: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="positive"):
        Resampler(*rates_hz)
