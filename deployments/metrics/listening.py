"""What an ingress measures: each answer of speech as its listener gets it, and errors as they are told."""

from __future__ import annotations

import enum
import math
import time

import numpy as np

from deployments.metrics import catalogue
from deployments.metrics.playback import PlaybackClock
from deployments.metrics.recent import Recent
from deployments.metrics.recorder import Ledger, Recorder

_AUDIBLE_AMPLITUDE = 100  # of 32767: 50 dB below full scale


class Outcome(enum.Enum):
    """How an answer of speech ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"  # the listener hung up
    STALLED = "stalled"  # the listener took nothing for too long
    FAILED = "failed"  # the speech broke off


class Listening:
    """One answer of speech that is streamed. Made by `IngressFigures.listening`; `begin`, then `end`."""

    def __init__(
        self, model: str, recorder: Recorder, listenings: set[Listening], recent_ttfa: Recent
    ) -> None:
        self.model = model
        self._recorder, self._listenings, self._recent_ttfa = recorder, listenings, recent_ttfa
        self._arrived_s = 0.0
        self._playback = PlaybackClock()
        self._audio_s = 0.0
        self._reported = (0.0, 0, 0.0)
        self._is_heard = False

    def begin(self, arrived_s: float) -> None:
        """Note that writing begins, for a request that arrived then, by the monotonic clock."""
        self._arrived_s = arrived_s
        self._listenings.add(self)

    def begin_write(self) -> None:
        """Note that audio is about to be written."""
        self._playback.begin_write(time.monotonic())

    def end_write(self, pcm: bytes, audio_s: float) -> None:
        """Note that it was written.

        Args:
            pcm: what was encoded for it, mono 16-bit samples.
            audio_s: how much audio was written by it.
        """
        now_s = time.monotonic()
        self._playback.end_write(now_s, audio_s)
        self._audio_s += audio_s
        if not self._is_heard and _is_audible(pcm):
            self._is_heard = True
            self._recorder.observe(catalogue.TTFA, now_s - self._arrived_s, model=self.model)
            self._recent_ttfa.add(now_s, now_s - self._arrived_s)

    def headroom_s(self, now_s: float) -> float | None:
        """See `PlaybackClock`."""
        return self._playback.headroom_s(now_s)

    def report(self) -> None:
        """Record what is new since the last report."""
        now = (self._audio_s, self._playback.num_underruns, self._playback.underrun_s)
        metrics = (catalogue.DELIVERED_S, catalogue.UNDERRUNS, catalogue.UNDERRUN_S)
        for metric, total, before in zip(metrics, now, self._reported, strict=True):
            self._recorder.add(metric, total - before, model=self.model)
        self._reported = now

    def told(self, code: str) -> None:
        """Note the error that broke it off."""
        self._recorder.add(catalogue.ERRORS, code=code)

    def end(self, outcome: Outcome) -> None:
        """Note the end."""
        self._listenings.discard(self)
        self.report()
        self._recorder.add(catalogue.STREAMS, model=self.model, outcome=outcome.value)


class IngressFigures:
    """All that an ingress measures. Belongs to its event loop.

    Attributes:
        recent_ttfa: of all models, for whoever looks now.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        self._recorder: Recorder = recorder or Ledger()
        self._listenings: set[Listening] = set()
        self._models: set[str] = set()
        self.recent_ttfa = Recent()

    def listening(self, model: str) -> Listening:
        """Return what measures one answer of speech that is streamed."""
        self._models.add(model)
        return Listening(model, self._recorder, self._listenings, self.recent_ttfa)

    def listeners(self, now_s: float) -> tuple[int, float | None]:
        """Return how many listen, and the lowest headroom of those who have for a while, if any have."""
        levels = [one.headroom_s(now_s) for one in self._listenings]
        return len(levels), min((level for level in levels if level is not None), default=None)

    def answered_whole(self, model: str, audio_s: float) -> None:
        """Note an answer of speech that was given whole: nobody plays while it is made."""
        self._recorder.add(catalogue.DELIVERED_S, audio_s, model=model)
        self._recorder.add(catalogue.STREAMS, model=model, outcome=Outcome.COMPLETED.value)

    def moved(self, model: str, code: str, is_resumed: bool) -> None:
        """Note that a stream lost its replica, for a reason with this code, and whether another went on."""
        result = "resumed" if is_resumed else "lost"
        self._recorder.add(catalogue.FAILOVERS, model=model, code=code, result=result)

    def spread(self, model: str) -> None:
        """Note that a stream went on where fewer listened."""
        self._recorder.add(catalogue.SPREAD, model=model)

    def told(self, code: str) -> None:
        """Note an error that a client was told."""
        self._recorder.add(catalogue.ERRORS, code=code)

    def sample(self, now_s: float) -> None:
        """Set the gauges, and record what open answers add: once a second, not once a chunk."""
        for listening in self._listenings:
            listening.report()
        for model in self._models:
            mine = [one for one in self._listenings if one.model == model]
            levels = [level for one in mine if (level := one.headroom_s(now_s)) is not None]
            self._recorder.set(catalogue.LISTENERS, len(mine), model=model)
            self._recorder.set(catalogue.HEADROOM, min(levels, default=math.nan), model=model)


def _is_audible(pcm: bytes) -> bool:
    samples = np.frombuffer(pcm, np.int16).astype(np.int32)
    return bool(np.abs(samples).max(initial=0) > _AUDIBLE_AMPLITUDE)
