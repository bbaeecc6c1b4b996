"""The one way in which slots and shelves become free: cleared first, so that nobody finds another's past."""

from __future__ import annotations

from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.scheduler import Scheduler
from tts_core.engine.sequence import Sequence


class Freeing:
    """Clears what a sequence held, and gives it back.

    Args:
        runner: whose memory it is.
        scheduler: who knows what is taken.
    """

    def __init__(self, runner: ModelRunner, scheduler: Scheduler) -> None:
        self._runner, self._scheduler = runner, scheduler

    def vacate(self, sequence: Sequence) -> None:
        """Free a sequence's slot."""
        assert sequence.slot is not None
        self._runner.clear(sequence.slot, sequence.num_inputs + len(sequence.codes) + 1)
        self._scheduler.free(sequence)

    def clear_shelf(self, sequence: Sequence) -> None:
        """Free a sequence's shelf."""
        assert sequence.shelf is not None
        self._runner.forget(sequence.shelf)
        self._scheduler.free_shelf(sequence)

    def release(self, sequence: Sequence) -> None:
        """Free whatever a sequence holds."""
        if sequence.slot is not None:
            self.vacate(sequence)
        if sequence.shelf is not None:
            self.clear_shelf(sequence)
