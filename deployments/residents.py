"""The engines that a replica holds: one, or the most recently used few of several models."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import operator
from collections.abc import Awaitable, Callable

from ray import serve

from deployments.config import EngineArgs, GPTSoVITSArgs
from deployments.engines import create_engine
from tts_core.engine.protocol import AsyncEngine
from tts_core.errors import UnknownModel
from tts_core.stats import EngineStats
from tts_core.voice import VoiceInfo

_CHECK_S = 0.05


class Resident:
    """A loaded engine in Serve's table of multiplexed models."""

    def __init__(self, engine: AsyncEngine, on_leave: Callable[[], None]) -> None:
        self.engine = engine
        self._on_leave = on_leave
        # Serve calls it when the place is needed. As a method of the class, Python's collector would, too.
        setattr(self, "__del__", self._leave)  # noqa: B010

    async def _leave(self) -> None:
        """Leave once nobody listens any more. The newcomer waits for it: memory never holds both."""
        while self.engine.stats().num_open:  # noqa: ASYNC110  # engines tell no one when they fall idle
            await asyncio.sleep(_CHECK_S)
        self._on_leave()
        await self.engine.stop()


class Residents:
    """Loads engines when they are first asked for, and keeps to the number that fit.

    Args:
        args: of the deployment; its first model is loaded by `start`, so that readiness waits for it.
    """

    def __init__(self, args: EngineArgs) -> None:
        self._args = args
        self._engines: dict[str, AsyncEngine] = {}
        self._voices: tuple[VoiceInfo, ...] = ()
        limit = args.max_loaded_models if isinstance(args, GPTSoVITSArgs) else 1
        self._load: Callable[[str], Awaitable[Resident]] = serve.multiplexed(
            max_num_models_per_replica=limit
        )(self._loader())

    async def start(self) -> None:
        """Load and start the first model. Raises SetupError where it can't be."""
        await self.engine(self._args.model_names[0])

    async def engine(self, model: str) -> AsyncEngine:
        """Return a model's engine, loaded now where it isn't yet. Running streams of others go on meanwhile.

        Raises:
            UnknownModel: the deployment has no such model.
            SetupError: it can't be loaded.
        """
        if model not in self._args.model_names:
            raise UnknownModel(f"this deployment has no model {model!r}", param="model")
        return (await self._load(model)).engine

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return what every model here speaks with, under the first one's name, whichever are loaded now."""
        if self._engines:
            voices = next(iter(self._engines.values())).voices()
            first = self._args.model_names[0]
            self._voices = tuple(dataclasses.replace(voice, model=first) for voice in voices)
        return self._voices

    @property
    def loaded(self) -> tuple[AsyncEngine, ...]:
        return tuple(self._engines.values())

    def stats(self) -> EngineStats:
        """Return the sum over all that are loaded."""
        return functools.reduce(operator.add, self.stats_by_model().values(), EngineStats())

    def stats_by_model(self) -> dict[str, EngineStats]:
        return {model: engine.stats() for model, engine in self._engines.items()}

    async def stop(self) -> None:
        for engine in self.loaded:
            await engine.stop()

    def _loader(self) -> Callable[[str], Awaitable[Resident]]:
        # A function of its own: Serve keeps its table as an attribute of what it decorates.
        async def load(model: str) -> Resident:
            engine = await create_engine(self._args, model)
            await engine.start()
            self._engines[model] = engine
            return Resident(engine, lambda: self._leave(model))

        return load

    def _leave(self, model: str) -> None:
        del self._engines[model]
