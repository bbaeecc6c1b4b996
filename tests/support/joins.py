"""Do the places where audio was joined stand out from the rest of the same audio?

Each measure is taken where a join is and, in the same way, everywhere else. A join's rank is the share of
other places that measure less. Ranks of joins that nobody can hear are spread evenly between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
Measure = Callable[[Samples, int], float]

_STEP_SAMPLES = 97
_FLOOR = 1e-9


def largest_jump(audio: Samples, fade: int) -> float:
    """The largest difference of neighbouring samples, from a tenth of the fade before it to one after it."""
    third = len(audio) // 3
    margin = fade // 10
    return float(np.abs(np.diff(audio[third - margin : 2 * third + margin])).max())


def energy_in_the_middle(audio: Samples, fade: int) -> float:
    """Energy in the middle half of the fade, against as long a time before and after it."""
    third, quarter = len(audio) // 3, fade // 4
    middle = np.square(audio[third + quarter : 2 * third - quarter]).mean()
    around = np.square(np.concatenate((audio[:third], audio[2 * third :]))).mean()
    return float(middle / (around + _FLOOR))


def spectral_flux(audio: Samples, fade: int) -> float:
    """How far the spectrum where the fade begins is from those half a fade before and after."""
    third, half = len(audio) // 3, fade // 2
    before, here, after = (
        _log_spectrum(audio[third + shift - half // 2 : third + shift + half // 2])
        for shift in (-half, 0, half)
    )
    return float(np.sqrt(np.square(here - (before + after) / 2).mean()))


MEASURES: tuple[Measure, ...] = (largest_jump, energy_in_the_middle, spectral_flux)


def ranks_of_joins(audio: Samples, joins: Sequence[int], fade: int, measure: Measure) -> Samples:
    """Return each join's rank, from 0 to 1.

    Args:
        audio: (samples,).
        joins: the sample at which each cross-fade begins, at least `fade` from the beginning and twice that
            from the end.
        fade: samples that a cross-fade takes.
    """
    places = range(fade, len(audio) - 2 * fade, _STEP_SAMPLES)
    interior = [place for place in places if all(abs(place - join) > 2 * fade for join in joins)]
    here, elsewhere = (
        np.array([measure(audio[place - fade : place + 2 * fade], fade) for place in group])
        for group in (joins, interior)
    )
    ranks: Samples = (elsewhere[None] < here[:, None]).mean(axis=1)
    return ranks


def agreement(old: Samples, new: Samples) -> float:
    """Return the correlation of two versions of the same moment: 1 where they are the same but for gain.

    A cross-fade between versions that don't agree leaves no click, but a moment in two voices.
    """
    return float(np.corrcoef(old, new)[0, 1])


_window = lru_cache(np.hanning)


def _log_spectrum(audio: Samples) -> Samples:
    magnitudes = np.abs(np.fft.rfft(audio * _window(len(audio))))
    log: Samples = np.log(magnitudes + _FLOOR)
    return log
