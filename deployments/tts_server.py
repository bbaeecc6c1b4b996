"""The replica: its engines, and the streams of its listeners."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

from ray import serve

from deployments.autoscaling.figures import ReplicaFigures
from deployments.config import EngineArgs
from deployments.credit import CreditServer
from deployments.loader import EngineLoader
from deployments.logs import join_serve_log
from deployments.metrics import catalogue
from deployments.metrics.engines import EngineFigures
from deployments.metrics.ray_recorder import RayRecorder
from deployments.metrics.sampling import Sampler
from deployments.residents import Residents
from deployments.routing import tell_nobody, tell_serve
from deployments.stream_items import CreditAddress, StreamEnded, StreamFailed, StreamItem, StreamOpened
from deployments.tracing.environment import tracing_from_environment
from deployments.transport import node_address
from tts_core.engine.stream import SpeechStream
from tts_core.errors import PolyvoxError
from tts_core.request import SynthesisRequest
from tts_core.stats import EngineStats
from tts_core.voice import VoiceInfo

logger = logging.getLogger("ray.serve")


class TTSServer:
    """Holds engines and streams them to ingresses. Knows nothing of HTTP, encodings or other replicas."""

    async def __init__(self, args: EngineArgs) -> None:  # type: ignore[misc]  # Serve awaits it
        join_serve_log()
        recorder = RayRecorder()
        self._num_loads: Counter[tuple[str, str]] = Counter()
        self._residents = self._make_residents(args, recorder)
        self._figures = ReplicaFigures(args.num_slots)
        self._replica = serve.get_replica_context().replica_id.unique_id
        await self._residents.start()
        only = args.model_names[0] if len(args.model_names) == 1 else None
        self._credit = CreditServer(
            lambda: self._residents.room(only) if only is not None else None, self._figures.turned_away
        )
        await self._credit.start(node_address(), self._replica)
        self._tracing = tracing_from_environment()
        self._measured = EngineFigures(recorder)
        self._sampler = Sampler(recorder, lambda: self._measured.sample(self._residents.stats_by_model()))

    async def synthesize(self, request: SynthesisRequest) -> AsyncIterator[StreamItem]:
        """Yield StreamOpened, chunks, and StreamEnded; or StreamFailed at any point."""
        try:
            stream = await self._residents.open(request)
        except PolyvoxError as error:
            self._figures.refused(error)
            yield StreamFailed.of(error, self._replica)
            return
        self._figures.opened(stream)
        self._measured.opened(request.model, stream.timeline)
        address = self._credit.register(stream)
        try:
            yield self._opening(request, stream, address)
            async for item in _items(stream):
                yield item
        finally:
            # Reached when the listener hangs up, too: Serve cancels this generator where it waits.
            stream.cancel()
            self._figures.ended(stream)
            self._measured.ended(stream.timeline)
            self._tracing.spoke(request, stream)
            self._credit.release(address)

    async def voices(self) -> tuple[VoiceInfo, ...]:
        return self._residents.voices()

    async def stats(self) -> EngineStats:
        return self._residents.stats()

    async def loads(self) -> dict[tuple[str, str], int]:
        """Return how often each model was loaded here, by "ok" or the code of what went wrong."""
        return dict(self._num_loads)

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """Return what autoscaling goes by: see `ReplicaReport`. Serve asks every second."""
        now_s = asyncio.get_running_loop().time()
        return self._figures.report(now_s, self._residents.stats())._asdict()

    def check_health(self) -> None:
        for engine in self._residents.loaded:
            engine.check_health()

    async def __del__(self) -> None:
        if hasattr(self, "_sampler"):
            self._sampler.stop()
        if hasattr(self, "_credit"):
            await self._credit.stop()
        if hasattr(self, "_residents"):
            await self._residents.stop()

    def _opening(
        self, request: SynthesisRequest, stream: SpeechStream, address: CreditAddress
    ) -> StreamOpened:
        opened = StreamOpened(stream.sample_rate_hz, address, stream.fingerprint)
        room = self._residents.room(request.model)
        return opened if room is None else replace(opened, num_free=room.num_free, soonest_s=room.soonest_s)

    def _make_residents(self, args: EngineArgs, recorder: RayRecorder) -> Residents:
        def loaded(model: str, code: str) -> None:
            self._num_loads[model, code] += 1
            recorder.add(catalogue.LOADS, 1, model=model, code=code)

        tell = tell_serve if len(args.model_names) > 1 else tell_nobody
        limit = args.max_loaded_models
        return Residents(args.model_names, limit, args.num_slots, EngineLoader(args), tell, loaded)


async def _items(stream: SpeechStream) -> AsyncIterator[StreamItem]:
    try:
        async for chunk in stream:
            yield chunk
    except PolyvoxError as error:
        logger.warning("stream failed: %s: %s", error.code, error.message)
        yield StreamFailed.of(error)
        return
    yield StreamEnded(stream.num_written, stream.num_dropped)
