"""Listeners on one engine, in the same process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import anyio

from benchmarks.engine.voices import LANGUAGE, TEXT
from benchmarks.load.playback import Playback, simulate
from tts_core.engine.costs import STAGES
from tts_core.engine.operations import Decode
from tts_core.engine.protocol import AsyncEngine
from tts_core.request import Segment, SynthesisRequest
from tts_core.sampling_params import SamplingParams
from tts_core.stats import StageStats

_STALLED_TOKENS = 500
"""More speech than an engine runs ahead of its listener, so that they stay in the middle of it."""
_STALL_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Crowd:
    """Who comes when. All say the same sentence, each with a voice and a seed of their own.

    Attributes:
        name: "burst" or "spread".
        arrivals_s: when each listener comes.
        sampling: fixes how long they are spoken to.
    """

    name: str
    arrivals_s: tuple[float, ...]
    sampling: SamplingParams
    low_latency: bool = False

    @classmethod
    def burst(cls, count: int, sampling: SamplingParams, *, low_latency: bool) -> Crowd:
        """Return listeners who all come at once: the high load."""
        return cls("burst", (0.0,) * count, sampling, low_latency)

    @classmethod
    def spread(cls, count: int, rate: float, sampling: SamplingParams, *, low_latency: bool) -> Crowd:
        """Return listeners who come one by one, `rate` in a second: the low load."""
        return cls("spread", tuple(index / rate for index in range(count)), sampling, low_latency)


@dataclass(frozen=True)
class Heard:
    """What one listener got: the first audio after `first_audio_s`, and what a playback makes of the rest."""

    first_audio_s: float
    audio_s: float
    playback: Playback


@dataclass(frozen=True)
class Visit:
    """One crowd, from the first arrival to the last sample.

    Attributes:
        wall_s: how long that took.
        cpu_s: of the whole process.
        step_s: a decode step, on average.
        heard: by each of them.
    """

    wall_s: float
    cpu_s: float
    step_s: float
    heard: Sequence[Heard]

    @property
    def audio_s(self) -> float:
        return sum(one.audio_s for one in self.heard)

    @property
    def audio_s_per_s(self) -> float:
        return self.audio_s / self.wall_s

    @property
    def cpu_s_per_audio_s(self) -> float:
        return self.cpu_s / self.audio_s


async def stall(engine: AsyncEngine, model_name: str, count: int, num_places: int) -> None:
    """Let listeners come who take nothing, and return when so many others may come as if they weren't there.

    Raises:
        PolyvoxError: the engine refused someone.
        TimeoutError: it never stopped.
    """
    sampling = SamplingParams(ignore_eos=True, max_tokens=_STALLED_TOKENS)
    crowd = Crowd("stalled", (0.0,) * count, sampling, low_latency=True)
    for index in range(count):
        request = _request(model_name, crowd, index)
        engine.generate(replace(request, request_id=f"stalled {index}"))
    with anyio.fail_after(_STALL_TIMEOUT_S):
        while engine.room().num_free < num_places:  # noqa: ASYNC110 - engines tell nobody when they stop
            await asyncio.sleep(0.1)


async def visit(engine: AsyncEngine, model_name: str, crowd: Crowd) -> Visit:
    """Let a crowd listen, each as fast as audio comes.

    Raises:
        PolyvoxError: the engine refused or failed someone.
    """
    steps, cpu_s, began = _steps(engine), time.process_time(), time.perf_counter()
    heard = await asyncio.gather(
        *(
            _listen(engine, _request(model_name, crowd, index), began + arrival)
            for index, arrival in enumerate(crowd.arrivals_s)
        )
    )
    wall_s, cpu_s, after = time.perf_counter() - began, time.process_time() - cpu_s, _steps(engine)
    step_s = (after.busy_s - steps.busy_s) / (after.num_steps - steps.num_steps)
    return Visit(wall_s, cpu_s, step_s, heard)


def _steps(engine: AsyncEngine) -> StageStats:
    return engine.stats().stages[STAGES[Decode]]


def _request(model_name: str, crowd: Crowd, index: int) -> SynthesisRequest:
    return SynthesisRequest(
        request_id=f"listener {index}",
        model=model_name,
        voice=str(index),
        segments=(Segment(0, TEXT),),
        language=LANGUAGE,
        seed=index,
        sampling=crowd.sampling,
        low_latency=crowd.low_latency,
    )


async def _listen(engine: AsyncEngine, request: SynthesisRequest, due_at: float) -> Heard:
    """Listen from `due_at` of the clock on: a listener who is let in late has waited all the same."""
    await asyncio.sleep(due_at - time.perf_counter())
    received, timeline = 0, list[tuple[float, float]]()
    stream = engine.generate(request)
    async for chunk in stream:
        received += chunk.num_samples
        stream.acknowledge(received)
        timeline.append((time.perf_counter() - due_at, received / engine.sample_rate_hz))
    playback = simulate(timeline)
    if playback is None:
        raise RuntimeError(f"{request.request_id} heard nothing")
    return Heard(playback.start_s, received / engine.sample_rate_hz, playback)
