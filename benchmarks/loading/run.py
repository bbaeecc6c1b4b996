"""A crowd on one model, while another one is loaded in one of several ways, or isn't."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from benchmarks.engine.settings import VoiceSizes
from benchmarks.engine.voices import LANGUAGE, TEXT, catalogue, noise_prompt
from benchmarks.loading.listening import Listener, LoopWatch, Window
from tts_core.background import await_apart
from tts_core.engine.assembly import EngineOptions
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.protocol import AsyncEngine
from tts_core.engine.stream import StreamLimits
from tts_core.models.gpt_sovits.loaded_model import load_model
from tts_core.models.gpt_sovits.model_files import check_model
from tts_core.models.gpt_sovits.precision import resolve_precision
from tts_core.models.gpt_sovits.weights import WeightsPaths
from tts_core.request import Segment, SynthesisRequest
from tts_core.sampling_params import SamplingParams

Way = Literal["none", "giving way", "at once"]
"""How the other model is loaded: not at all, as a replica does it, or as if nobody listened."""

WAYS: tuple[Way, ...] = ("giving way", "at once", "none")

_NUM_SEGMENTS = 60


@dataclass(frozen=True)
class Settings:
    """What is loaded, and who listens meanwhile.

    Attributes:
        paths: weights, of both models.
        device: "cpu" or "cuda".
        listeners: how many.
        tokens: of each sentence, 25 to a second of speech.
        cores: how many this process may use; None: all.
        lead_s: how far the engine may run ahead of each listener.
        settle_s: how long they have listened when the load begins.
        window_s: how long is listened without a load at least; never less than the longest load took.
    """

    paths: WeightsPaths
    device: str
    listeners: int
    tokens: int
    cores: int | None
    lead_s: float
    settle_s: float
    window_s: float


@dataclass(frozen=True)
class Outcome:
    """One round.

    Attributes:
        load_s: how long the load took; without one, how long was listened instead.
        loop_s: how long the event loop let something wait at most.
        heard: what listeners got meanwhile.
    """

    way: Way
    load_s: float
    loop_s: float
    heard: Window


class Bench:
    """An engine with listeners, and others that come and go.

    Args:
        settings: see there.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._playing: AsyncEngine | None = None
        self._window_s = settings.window_s

    async def start(self) -> None:
        """Load the model that is listened to."""
        if self._settings.cores is not None:
            available = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, available[-self._settings.cores :])
        self._playing = await self._load("playing", gives_way=False)

    async def round(self, way: Way) -> Outcome:
        """Listen, and after a while load another model; or don't, for as long as the longest load took."""
        async with self._listeners() as listeners, _watched() as watch:
            begin = time.perf_counter()
            if way == "none":
                await asyncio.sleep(self._window_s)
            else:
                engine = await self._load("other", gives_way=way == "giving way")
                self._window_s = max(self._window_s, time.perf_counter() - begin)
            end = time.perf_counter()
            loop_s = watch.longest_s
        if way != "none":
            await engine.stop()
        heard = Window.of_all([listener.window(begin, end) for listener in listeners])
        return Outcome(way, end - begin, loop_s, heard)

    async def stop(self) -> None:
        """Stop the engine."""
        if self._playing is not None:
            await self._playing.stop()

    async def _load(self, name: str, *, gives_way: bool) -> AsyncEngine:
        def make() -> BatchingEngine:
            return self._make(name, gives_way)

        await await_apart(lambda: check_model(self._settings.paths), "check", gives_way=gives_way)
        engine = await await_apart(make, "load", gives_way=gives_way)
        await engine.start()
        return engine

    def _make(self, name: str, gives_way: bool) -> BatchingEngine:
        import torch

        device = torch.device(self._settings.device)
        model = load_model(self._settings.paths, name, resolve_precision("auto", device), device)
        sizes = VoiceSizes()
        voices = catalogue(model, self._settings.listeners)
        prompts = {voice.id: noise_prompt(model, sizes, int(voice.id)) for voice in voices}
        options = EngineOptions(num_slots=max(4, self._settings.listeners), gives_way=gives_way)
        limits = StreamLimits(lead_s=self._settings.lead_s)
        return BatchingEngine(
            model, lambda reference: prompts[reference.voice], lambda: voices, limits, options
        )

    @contextlib.asynccontextmanager
    async def _listeners(self) -> AsyncIterator[list[Listener]]:
        """Let listeners come, and go on when each has had audio for a while; they leave afterwards."""
        assert self._playing is not None
        count = self._settings.listeners
        listeners = [Listener(self._playing.generate(self._request(index))) for index in range(count)]
        tasks = [asyncio.create_task(listener.listen()) for listener in listeners]
        try:
            await asyncio.gather(*(listener.has_heard.wait() for listener in listeners))
            await asyncio.sleep(self._settings.settle_s)
            yield listeners
        finally:
            for listener in listeners:
                listener.stream.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _request(self, index: int) -> SynthesisRequest:
        return SynthesisRequest(
            request_id=f"listener {index}",
            model="playing",
            voice=str(index),
            segments=tuple(Segment(number, TEXT) for number in range(_NUM_SEGMENTS)),
            language=LANGUAGE,
            seed=index,
            sampling=SamplingParams(ignore_eos=True, max_tokens=self._settings.tokens),
            low_latency=True,
        )


@contextlib.asynccontextmanager
async def _watched() -> AsyncIterator[LoopWatch]:
    watch = LoopWatch()
    task = asyncio.create_task(watch.watch())
    try:
        yield watch
    finally:
        task.cancel()
