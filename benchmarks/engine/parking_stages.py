"""What it takes to lend a slot: to leave it for a shelf, and to come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import torch

from benchmarks.engine.clock import Clock
from benchmarks.engine.measured import Measured
from tts_core.engine.model_runner import ModelRunner, Row
from tts_core.engine.sampler import NoiseSource
from tts_core.sampling_params import SamplingParams

PARK, RETURN = "leaving a slot", "leaving a slot and coming back"


class ParkingStages:
    """Measures both as the engine does them, onto a shelf that takes its memory and gives it back every time.

    Args:
        runner: has a shelf, and room for the longest sequence.
        kv_lens: how many positions a sequence has.
    """

    def __init__(self, runner: ModelRunner, clock: Clock, kv_lens: Sequence[int]) -> None:
        self._runner, self._clock, self._kv_lens = runner, clock, kv_lens
        self._said = torch.zeros(0, dtype=torch.long, device=runner.cache.keys.device)

    def measure(self) -> Iterator[Measured]:
        """Yield both in every size."""
        for kv_len in self._kv_lens:
            row = Row(slot=0, token=0, position=kv_len, audio_position=0, step=1, may_end=True)
            for stage, is_back in ((PARK, False), (RETURN, True)):
                timing = self._clock.time(partial(self._lend, row, is_back=is_back))
                yield Measured(stage, {"positions": kv_len}, timing)

    def _lend(self, row: Row, *, is_back: bool) -> None:
        self._runner.park(row, 0)
        self._runner.clear(row.slot, row.position)
        if is_back:
            self._runner.restore(row, 0, SamplingParams(), NoiseSource(0, 0), self._said)
        self._runner.forget(0)
