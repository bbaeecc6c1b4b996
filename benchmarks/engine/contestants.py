"""Engines that are compared, all alive at the same time and visited in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace

import psutil
import torch

from benchmarks.engine.crowd import Crowd, Visit, stall, visit
from benchmarks.engine.settings import VoiceSizes
from benchmarks.engine.voices import catalogue, noise_prompt
from tts_core.engine.assembly import EngineOptions
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.costs import STAGES
from tts_core.engine.operations import Park
from tts_core.engine.stream import StreamLimits
from tts_core.models.gpt_sovits.loaded_model import LoadedModel

Setting = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Contestant:
    """A way to run an engine.

    Attributes:
        name: for the report.
        options: of the engine.
        while_starting, while_visited: entered at those times, and at no others.
        num_stalled: how many others are there all the time, who have stopped to listen. They lend their slots
            to a crowd that needs them, and come back to none.
    """

    name: str
    options: EngineOptions
    while_starting: Setting = nullcontext
    while_visited: Setting = nullcontext
    num_stalled: int = 0


@dataclass(frozen=True)
class Contest:
    """What came of one crowd on one engine.

    Attributes:
        visits: one for each round, in the order of the rounds of all other contestants.
        num_parked: how often a slot of this engine was lent by then.
    """

    contestant: str
    crowd: Crowd
    visits: Sequence[Visit]
    num_parked: int


class Arena:
    """Runs crowds on several engines over one model.

    Args:
        contestants: their options say nothing of slots: there are as many as there may be in a crowd.
        most: listeners at once.
    """

    def __init__(
        self, model: LoadedModel, voice: VoiceSizes, contestants: Sequence[Contestant], most: int
    ) -> None:
        self._model, self._contestants = model, contestants
        self._num_slots = most
        self._prompts = {str(seed): noise_prompt(model, voice, seed) for seed in range(self._num_slots)}
        self._engines: dict[str, BatchingEngine] = {}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Arena]:
        """Start all engines, and stop them in the end."""
        async with AsyncExitStack() as stack:
            for contestant in self._contestants:
                engine = self._new_engine(contestant.options)
                with contestant.while_starting():
                    await engine.start()
                stack.push_async_callback(engine.stop)
                await stall(engine, self._model.name, contestant.num_stalled, self._num_slots)
                self._engines[contestant.name] = engine
            yield self

    async def contest(self, crowd: Crowd, rounds: int) -> list[Contest]:
        """Let a crowd visit every engine in turn, round by round: A B A B. A first round doesn't count.

        In turn, so that whatever else the machine does meets all of them alike.
        """
        visits: dict[str, list[Visit]] = {one.name: [] for one in self._contestants}
        for number in range(rounds + 1):
            for contestant in self._contestants:
                with contestant.while_visited():
                    came = await visit(self._engines[contestant.name], self._model.name, crowd)
                if number:
                    visits[contestant.name].append(came)
        return [Contest(name, crowd, came, self._num_parked(name)) for name, came in visits.items()]

    def _num_parked(self, name: str) -> int:
        return self._engines[name].stats().stages[STAGES[Park]].num_steps

    def _new_engine(self, options: EngineOptions) -> BatchingEngine:
        voices = catalogue(self._model, self._num_slots)
        return BatchingEngine(
            self._model,
            lambda reference: self._prompts[reference.voice],
            lambda: voices,
            StreamLimits(),
            replace(options, num_slots=self._num_slots),
        )


def memory_in_use(device: torch.device) -> dict[str, int]:
    """Return the bytes that the process holds now, and on a GPU the most that tensors took."""
    used = {"resident_bytes": psutil.Process().memory_info().rss}
    if device.type == "cuda":
        used["cuda_peak_bytes"] = torch.cuda.max_memory_allocated(device)
    return used
