"""What a replica measures of its engines."""

from __future__ import annotations

from collections.abc import Mapping

from deployments.metrics import catalogue
from deployments.metrics.recorder import Recorder
from tts_core.stats import STEP_BOUNDS_S, EngineStats, GuardStats, StageStats
from tts_core.timeline import Timeline

# A value within each bucket, by which its steps are passed on: only buckets are kept.
_WITHIN_S = (*STEP_BOUNDS_S, 2 * STEP_BOUNDS_S[-1])
_NOTHING = EngineStats()


class EngineFigures:
    """Passes on how engines' figures change. Belongs to the replica's event loop."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._last: dict[str, EngineStats] = {}
        self._waiting: dict[int, tuple[str, Timeline]] = {}

    def opened(self, model: str, timeline: Timeline) -> None:
        """Note a request that was admitted, and may have to wait."""
        self._waiting[id(timeline)] = (model, timeline)

    def ended(self, timeline: Timeline) -> None:
        """Note that a request is over."""
        self._note_wait(id(timeline))
        self._waiting.pop(id(timeline), None)

    def sample(self, now: Mapping[str, EngineStats]) -> None:
        """Record the figures of every engine that is loaded now, by its model's name."""
        for key in list(self._waiting):
            self._note_wait(key)
        for model in self._last.keys() - now.keys():  # it left its place to another model
            self._gauges(model, _NOTHING)
        for model, stats in now.items():
            last = self._last.get(model, _NOTHING)
            self._counters(model, stats, last if _goes_on(last, stats) else _NOTHING)
            self._gauges(model, stats)
        self._last = dict(now)

    def _note_wait(self, key: int) -> None:
        """Record how long a request waited, once the engine computes for it."""
        model, timeline = self._waiting.get(key, ("", None))
        if timeline is None or timeline.begun_s is None:
            return
        del self._waiting[key]
        self._recorder.observe(
            catalogue.QUEUE_WAIT, max(0.0, timeline.begun_s - timeline.opened_s), model=model
        )

    def _gauges(self, model: str, stats: EngineStats) -> None:
        self._recorder.set(catalogue.SLOTS, stats.num_slots, model=model)
        self._recorder.set(catalogue.OPEN, stats.num_open, model=model)
        self._recorder.set(catalogue.PAUSED, stats.num_paused, model=model)

    def _counters(self, model: str, stats: EngineStats, last: EngineStats) -> None:
        self._recorder.add(catalogue.MADE_S, stats.audio_s - last.audio_s, model=model)
        for flaw, total in _flaws(stats.guards).items():
            self._recorder.add(catalogue.TAKES, total - _flaws(last.guards)[flaw], model=model, flaw=flaw)
        for stage, now in stats.stages.items():
            self._stage(model, stage, now, last.stages.get(stage, StageStats()))

    def _stage(self, model: str, stage: str, now: StageStats, last: StageStats) -> None:
        names = {"model": model, "stage": stage}
        self._recorder.add(catalogue.BUSY_S, now.busy_s - last.busy_s, **names)
        self._recorder.add(catalogue.STEP_ROWS, now.num_rows - last.num_rows, **names)
        for within_s, total, before in zip(_WITHIN_S, now.counts, last.counts, strict=True):
            for _ in range(total - before):
                self._recorder.observe(catalogue.STEP_TIME, within_s, **names)


def _goes_on(last: EngineStats, stats: EngineStats) -> bool:
    """Whether both are the same engine's: figures that shrink are those of one that was loaded since."""
    busy_s = [sum(stage.busy_s for stage in one.stages.values()) for one in (last, stats)]
    return stats.audio_s >= last.audio_s and busy_s[1] >= busy_s[0]


def _flaws(guards: GuardStats) -> dict[str, int]:
    return {"lost": guards.num_lost, "loop": guards.num_loops, "runaway": guards.num_runaways}
