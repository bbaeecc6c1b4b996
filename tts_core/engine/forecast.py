"""When the next slot will be free: how much each listener still has to get, and how fast it comes.

How long a text takes to say is known only when it has been said, so this is an estimate: of seconds by the
text's characters, learnt from what was spoken to its end here, and of the pace that each stream has had
lately. That is the engine's for listeners who take all they can get, and real time for those who play as they
listen.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from tts_core.engine.costs import Mean
from tts_core.engine.stream import SpeechStream, StreamState
from tts_core.request import SynthesisRequest

FIRST_GUESS_S = 0.07
"""Seconds that a letter takes to say, until that has been seen."""
WINDOW_S = 2.0
"""A pace is measured over as long as this, up to twice as long where the engine is asked often."""
SOONEST_S, LATEST_S = 0.1, 60.0
"""No forecast is outside of these: below is noise, and beyond nothing is known."""
_WIDE, _WIDE_LETTERS = "FW", 3
_MOST = 0.75


@dataclass
class _Watched:
    """One stream.

    Attributes:
        letters: what its text is worth, at speed 1.
        is_whole: whether all of it is said.
        since: (when, samples made) where the present pace is measured from.
        recent: the same, for later.
    """

    letters: float
    is_whole: bool
    since: tuple[float, int]
    recent: tuple[float, int]

    def pace(self, now_s: float, num_made: int) -> float:
        """Return the samples per second that it has got lately; 0 where none have come yet."""
        if now_s - self.recent[0] >= WINDOW_S:
            self.since, self.recent = self.recent, (now_s, num_made)
        took_s = now_s - self.since[0]
        return (num_made - self.since[1]) / took_s if took_s > 0 else 0.0


class Forecast:
    """Watches an engine's open streams. Belongs to the event loop; every time is by its clock.

    Args:
        pace: seconds of audio per second that each listener can get as things are, for those who haven't
            got any yet.
    """

    def __init__(self, pace: Callable[[], float] = lambda: 1.0) -> None:
        self._pace = pace
        self._letter_s = Mean()
        self._watched: dict[SpeechStream, _Watched] = {}

    def opened(self, stream: SpeechStream, request: SynthesisRequest, now_s: float) -> None:
        """Watch a stream from its admission on.

        One that goes on from somewhere is taken to say its whole text, and nothing is learnt: engines
        number their own pieces of a text, not its segments.
        """
        letters = sum(_letters(segment.text) for segment in request.segments) / request.speed
        is_whole = request.first_segment == 0
        self._watched[stream] = _Watched(letters, is_whole, (now_s, 0), (now_s, 0))

    def closed(self, stream: SpeechStream) -> None:
        """Forget a stream, and learn from it if it came to its end."""
        watched = self._watched.pop(stream)
        if stream.state is StreamState.FINISHED and watched.is_whole and watched.letters:
            self._letter_s.add(stream.num_written / stream.sample_rate_hz / watched.letters)

    def soonest_s(self, now_s: float, lends_after_s: float = math.inf) -> float:
        """Return in how many seconds there is expected to be room for one more.

        That is when the first of the streams is complete, or lends its slot.

        Args:
            now_s: the present.
            lends_after_s: for how long a listener must have had no room for that. Who has had none for most
                of it is expected to have none for the rest, too: listeners seldom have none for so long.
        """
        each = [self._left_s(stream, watched, now_s) for stream, watched in self._watched.items()]
        each += [
            lends_after_s - stream.full_for_s
            for stream in self._watched
            if _MOST * lends_after_s <= stream.full_for_s < lends_after_s
        ]
        return min(LATEST_S, max(SOONEST_S, min(each, default=SOONEST_S)))

    def _left_s(self, stream: SpeechStream, watched: _Watched, now_s: float) -> float:
        pace = watched.pace(now_s, stream.num_made)
        audio_s = watched.letters * (self._letter_s.value if self._letter_s.is_known else FIRST_GUESS_S)
        left = audio_s * stream.sample_rate_hz - stream.num_written
        if not stream.num_made:
            pace = min(self._pace(), LATEST_S) * stream.sample_rate_hz
        if left <= 0:  # it says more than was thought: any moment now
            return SOONEST_S
        return left / pace if pace > 0 else LATEST_S


def _letters(text: str) -> int:
    """Count what there is to say: a character that stands for a syllable is as long as three letters."""
    return sum(
        _WIDE_LETTERS if unicodedata.east_asian_width(char) in _WIDE else 1 for char in text if char.isalnum()
    )
