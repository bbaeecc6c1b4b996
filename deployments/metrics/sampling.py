"""Looking at figures once a second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from deployments.metrics import catalogue
from deployments.metrics.memory import memory_bytes
from deployments.metrics.recorder import Recorder

INTERVAL_S = 1.0

logger = logging.getLogger(__name__)


class Sampler:
    """Calls a function once a second, on the event loop that it was made on, and looks at memory.

    A failure is logged, and the next turn tried: figures must not take a server down, nor vanish unnoticed.
    """

    def __init__(self, recorder: Recorder, sample: Callable[[], None]) -> None:
        self._recorder, self._sample = recorder, sample
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Look no more."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                self._sample()
                for kind, held in memory_bytes().items():
                    self._recorder.set(catalogue.MEMORY, held, kind=kind)
            except Exception:
                logger.exception("figures could not be recorded")
            await asyncio.sleep(INTERVAL_S)
