"""The engines that a replica holds: one, or the most recently used few of several models."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import logging
import operator
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from tts_core.engine.protocol import AsyncEngine, Room
from tts_core.engine.stream import SpeechStream
from tts_core.errors import EngineStopped, Overloaded, PolyvoxError, UnknownModel
from tts_core.request import SynthesisRequest
from tts_core.stats import EngineStats
from tts_core.voice import VoiceInfo

logger = logging.getLogger("ray.serve")

_COME_BACK_S = 2.0
SLOW_LOAD_S = 60.0


class Loader(Protocol):
    """Makes engines. Nothing of it blocks the event loop."""

    async def check(self, model: str) -> None:
        """Return if a model's files are whole and fit together. Keeps no memory. Raises SetupError."""
        ...

    async def load(self, model: str, *, gives_way: bool) -> AsyncEngine:
        """Return a model's engine, started. Raises SetupError."""
        ...


@dataclass(eq=False)
class _Place:
    """A model's place in the table, from when its load begins.

    Attributes:
        loading: ends with the engine.
        num_expected: requests that wait for it, and have no stream yet.
    """

    loading: asyncio.Task[AsyncEngine]
    num_expected: int = 0

    @property
    def engine(self) -> AsyncEngine | None:
        if not self.loading.done() or self.loading.cancelled() or self.loading.exception():
            return None
        return self.loading.result()

    @property
    def is_idle(self) -> bool:
        """Whether nobody listens to it, or is about to."""
        return self.engine is not None and not self.num_expected and not self.engine.stats().num_open


class Residents:
    """Loads engines when they are first asked for, and keeps to the number that fit.

    A model that is asked for while its load is under way isn't loaded twice, and its load belongs to nobody:
    who asked for it may hang up. Files are checked before anyone leaves for them. Then, of the models without
    listeners, that one leaves that was asked for longest ago. One with listeners stays.

    Args:
        models: their names; the first one is loaded by `start`, so that readiness waits for it.
        limit: how many fit.
        num_slots: how many may listen to each.
        loader: makes engines.
        tell: told the names of those that are loaded or being loaded, whenever they change.
        on_load: told how each load ended: the model, and "ok" or the code of what went wrong.
    """

    def __init__(
        self,
        models: tuple[str, ...],
        limit: int,
        num_slots: int,
        loader: Loader,
        tell: Callable[[Collection[str]], None],
        on_load: Callable[[str, str], None],
    ) -> None:
        self._models, self._limit, self._num_slots = models, limit, num_slots
        self._loader, self._tell, self._on_load = loader, tell, on_load
        self._places: OrderedDict[str, _Place] = OrderedDict()  # least recently asked for first
        self._one_at_a_time = asyncio.Lock()
        self._voices: tuple[VoiceInfo, ...] = ()

    async def start(self) -> None:
        """Load and start the first model. Raises SetupError where it can't be."""
        await self._begin(self._models[0]).loading

    async def open(self, request: SynthesisRequest) -> SpeechStream:
        """Open speech on the request's model, loaded now where it isn't yet. Others' streams go on meanwhile.

        Raises:
            UnknownModel: the deployment has no such model.
            SetupError: it can't be loaded.
            Overloaded: every place is taken by a model with listeners, or every slot of this one is.
            PolyvoxError: as the engine's `generate`.
        """
        model = request.model
        if model not in self._models:
            raise UnknownModel(f"this deployment has no model {model!r}", param="model")
        place = self._places.get(model) or self._begin(model)
        self._places.move_to_end(model)
        engine = place.engine or await self._expect(place)
        # From here to the stream nothing else runs, so nobody can take the engine away.
        return engine.generate(request)

    def room(self, model: str) -> Room | None:
        """Return what room a model has; None for one that isn't loaded."""
        place = self._places.get(model)
        return None if place is None or place.engine is None else place.engine.room()

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return what every model here speaks with, under the first one's name, whichever are loaded now."""
        if self.loaded:
            voices = self.loaded[0].voices()
            self._voices = tuple(dataclasses.replace(voice, model=self._models[0]) for voice in voices)
        return self._voices

    @property
    def loaded(self) -> tuple[AsyncEngine, ...]:
        return tuple(place.engine for place in self._places.values() if place.engine is not None)

    def stats(self) -> EngineStats:
        """Return the sum over all that are loaded."""
        return functools.reduce(operator.add, self.stats_by_model().values(), EngineStats())

    def stats_by_model(self) -> dict[str, EngineStats]:
        engines = {model: place.engine for model, place in self._places.items()}
        return {model: engine.stats() for model, engine in engines.items() if engine is not None}

    async def stop(self) -> None:
        """End every load and every engine."""
        places = [*self._places.values()]
        for place in places:
            place.loading.cancel()
        await asyncio.gather(*(place.loading for place in places), return_exceptions=True)
        for place in places:
            if place.engine is not None:
                await place.engine.stop()

    # Loading

    async def _expect(self, place: _Place) -> AsyncEngine:
        """Wait for an engine that is being loaded. It can't leave before its first listener is there."""
        if place.num_expected >= self._num_slots:
            raise Overloaded(
                "the model is being loaded, and every slot of it is spoken for", retry_after_s=_COME_BACK_S
            )
        place.num_expected += 1
        try:
            return await asyncio.shield(place.loading)
        except asyncio.CancelledError:
            if place.loading.cancelled():
                raise EngineStopped("the replica is stopping", retry_after_s=_COME_BACK_S) from None
            raise
        finally:
            place.num_expected -= 1

    def _begin(self, model: str) -> _Place:
        """Begin to load a model. Raises Overloaded where no place could become free for it."""
        if sum(not place.is_idle for place in self._places.values()) >= self._limit:
            raise self._no_place(model)
        place = _Place(asyncio.create_task(self._load(model), name=f"load {model}"))
        place.loading.add_done_callback(lambda _: self._note(model, place))
        self._places[model] = place
        self._tell(self._places.keys())
        return place

    async def _load(self, model: str) -> AsyncEngine:
        async with self._one_at_a_time:  # each takes memory to pass through, and computing time from speech
            started = time.monotonic()
            with _told_of_if_slow(model):
                await self._loader.check(model)
                await self._make_room(model)
                engine = await self._loader.load(model, gives_way=bool(self.loaded))
            logger.info("loaded model %r in %.1f s", model, time.monotonic() - started)
            return engine

    async def _make_room(self, model: str) -> None:
        while len(self.loaded) >= self._limit:
            leaver = next((name for name, place in self._places.items() if place.is_idle), None)
            if leaver is None:  # somebody came while the files were checked
                raise self._no_place(model)
            engine = self._places.pop(leaver).loading.result()
            self._tell(self._places.keys())
            logger.info("model %r leaves its place to %r", leaver, model)
            await engine.stop()

    def _note(self, model: str, place: _Place) -> None:
        """Keep account of a load that is over, and forget one that failed: the next request tries again."""
        if place.loading.cancelled():
            self._places.pop(model, None)
            return
        error = place.loading.exception()
        self._on_load(model, _code(error))
        if error is not None:
            logger.warning("model %r wasn't loaded: %s: %s", model, _code(error), error)
            self._places.pop(model, None)
            self._tell(self._places.keys())

    def _no_place(self, model: str) -> Overloaded:
        return Overloaded(
            f"model {model!r} isn't loaded, and every model that is has listeners", retry_after_s=_COME_BACK_S
        )


@contextlib.contextmanager
def _told_of_if_slow(model: str) -> Iterator[None]:
    """Say in the log what no model can be loaded behind: storage that hangs raises nothing."""
    text = "model %r is still being loaded after %g s, and no other one can be meanwhile"
    timer = asyncio.get_running_loop().call_later(SLOW_LOAD_S, logger.warning, text, model, SLOW_LOAD_S)
    try:
        yield
    finally:
        timer.cancel()


def _code(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    return error.code if isinstance(error, PolyvoxError) else PolyvoxError.code
