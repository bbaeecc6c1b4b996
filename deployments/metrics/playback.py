"""A listener's playback, reckoned from what was written to them."""

from __future__ import annotations

# Every stream begins with next to no headroom, which says nothing.
SETTLED_S = 5.0


class PlaybackClock:
    """Plays at speed 1 from the first write on, stops where it runs dry, and goes on at the next write.

    While a write waits, the listener has audio that they haven't taken, so the clock stands still: someone
    who stops reading doesn't run dry.

    Attributes:
        num_underruns: how often it ran dry.
        underrun_s: how long it was silent in all.
    """

    def __init__(self) -> None:
        self.num_underruns = 0
        self.underrun_s = 0.0
        self._began_s = 0.0
        self._dry_at_s: float | None = None
        self._writing_since_s: float | None = None

    def begin_write(self, now_s: float) -> None:
        """Note that a piece of audio is there, and about to be written."""
        self._writing_since_s = now_s
        if self._dry_at_s is not None and now_s > self._dry_at_s:
            self.num_underruns += 1
            self.underrun_s += now_s - self._dry_at_s
            self._dry_at_s = now_s

    def end_write(self, now_s: float, audio_s: float) -> None:
        """Note that it was written, with so much audio in it."""
        since_s = now_s if self._writing_since_s is None else self._writing_since_s
        self._writing_since_s = None
        if self._dry_at_s is None:
            self._began_s, self._dry_at_s = now_s, now_s + audio_s
        else:
            self._dry_at_s += now_s - since_s + audio_s

    def headroom_s(self, now_s: float) -> float | None:
        """Return the audio in hand, below 0 for someone who waits for more; None until it has settled."""
        if self._dry_at_s is None or now_s - self._began_s < SETTLED_S:
            return None
        return self._dry_at_s - (now_s if self._writing_since_s is None else self._writing_since_s)
