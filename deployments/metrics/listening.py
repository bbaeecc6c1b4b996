"""What an ingress measures: each answer of speech as its listener gets it, and errors as they are told."""

from __future__ import annotations

import enum
import math
import time
from collections.abc import Callable

import numpy as np

from deployments.metrics import catalogue
from deployments.metrics.playback import PlaybackClock
from deployments.metrics.recorder import Ledger, Recorder

_AUDIBLE_AMPLITUDE = 100  # of 32767: 50 dB below full scale


class Outcome(enum.Enum):
    """How an answer of speech ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"  # the listener hung up
    STALLED = "stalled"  # the listener took nothing for too long
    FAILED = "failed"  # the speech broke off


class Listening:
    """One answer of speech, from its opening to its end. Made by `IngressFigures.opened`."""

    def __init__(
        self,
        model: str,
        arrived_s: float,
        recorder: Recorder,
        forget: Callable[[Listening], None],
    ) -> None:
        self.model = model
        self._arrived_s, self._recorder, self._forget = arrived_s, recorder, forget
        self._playback = PlaybackClock()
        self._audio_s = 0.0
        self._reported = (0.0, 0, 0.0)
        self._is_heard = False
        self._is_over = False

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

    def end(self, outcome: Outcome) -> None:
        """Note the end. Only the first one that is told counts."""
        if self._is_over:
            return
        self._is_over = True
        self._forget(self)
        self.report()
        self._recorder.add(catalogue.STREAMS, model=self.model, outcome=outcome.value)


class IngressFigures:
    """All that an ingress measures. Belongs to its event loop."""

    def __init__(self, recorder: Recorder | None = None) -> None:
        self._recorder: Recorder = recorder or Ledger()
        self._listenings: set[Listening] = set()
        self._models: set[str] = set()

    def opened(self, model: str, arrived_s: float) -> Listening:
        """Begin to measure an answer of speech whose request arrived then, by the monotonic clock."""
        self._models.add(model)
        listening = Listening(model, arrived_s, self._recorder, self._listenings.discard)
        self._listenings.add(listening)
        return listening

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
