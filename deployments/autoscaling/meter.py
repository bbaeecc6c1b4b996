"""What a replica can compute in real time, learnt from what it computed."""

from __future__ import annotations

from tts_core.stats import EngineStats

_KEPT = 0.95
_MIN_INTERVAL_S = 0.5
_MIN_SPREAD = 0.05


class LoadMeter:
    """Learns how much computing a second of everyone's audio takes: a fixed part, and one for each listener.

    It looks at the intervals in which the engine had work from beginning to end, and fits a line to seconds
    of computing over the number of listeners, by least squares with older intervals fading. As long as all
    had the same number, all of it is taken to be the listeners' own: reckoned too dear, not too cheap.
    """

    def __init__(self) -> None:
        self._last: tuple[float, EngineStats] | None = None
        self._sum = self._sum_x = self._sum_y = self._sum_xx = self._sum_xy = 0.0

    def observe(self, now_s: float, stats: EngineStats) -> None:
        """Take the engine's figures at a moment into account."""
        if self._last is not None and now_s - self._last[0] < _MIN_INTERVAL_S:
            return
        last, self._last = self._last, (now_s, stats)
        if last is None:
            return
        before, after = _num_working(last[1]), _num_working(stats)
        made_s = stats.audio_s - last[1].audio_s
        if before and after and made_s > 0:
            num_working = (before + after) / 2
            self._add(num_working, num_working * (now_s - last[0]) / made_s)

    def load(self, num_open: int) -> float:
        """Return what so many listeners are of those who can be kept supplied; 0 while that is unknown."""
        if not self._sum_x:
            return 0.0
        fixed_s, each_s = self._line()
        sustainable = (1.0 - fixed_s) / each_s
        if sustainable < 1.0:
            sustainable = 1.0 / (fixed_s + each_s)
        return num_open / sustainable

    def _add(self, x: float, y: float) -> None:
        self._sum = self._sum * _KEPT + 1
        self._sum_x = self._sum_x * _KEPT + x
        self._sum_y = self._sum_y * _KEPT + y
        self._sum_xx = self._sum_xx * _KEPT + x * x
        self._sum_xy = self._sum_xy * _KEPT + x * y

    def _line(self) -> tuple[float, float]:
        """Return the fixed part and each listener's, both in seconds per second of audio."""
        spread = self._sum_xx - self._sum_x**2 / self._sum
        if spread > _MIN_SPREAD * self._sum:
            each_s = (self._sum_xy - self._sum_x * self._sum_y / self._sum) / spread
            fixed_s = (self._sum_y - each_s * self._sum_x) / self._sum
            if each_s > 0 and fixed_s >= 0:
                return fixed_s, each_s
        return 0.0, self._sum_y / self._sum_x


def _num_working(stats: EngineStats) -> int:
    return stats.num_open - stats.num_paused
