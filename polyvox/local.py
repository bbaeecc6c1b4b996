"""Speech in this process: the server's own request path, without Ray and without HTTP."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from deployments.config import AppArgs
from deployments.engines import create_engine
from deployments.http.errors import from_validation
from deployments.http.openai import OUTPUT_RATE_HZ, SpeechRequest
from deployments.http.service import Service
from tts_core.audio.encoder import StreamEncoder
from tts_core.engine.chunks import AudioChunk
from tts_core.engine.protocol import AsyncEngine
from tts_core.engine.stream import SpeechStream
from tts_core.request import SynthesisRequest
from tts_core.voice import VoiceInfo

Receive = Callable[[bytes, float], None]
"""Takes encoded audio, and how many seconds have been made so far."""


@dataclass(frozen=True)
class LocalSpeech:
    """A stream of an engine in this process. No status waits for its first chunk, so it opens without."""

    stream: SpeechStream

    @property
    def sample_rate_hz(self) -> int:
        return self.stream.sample_rate_hz

    @property
    def fingerprint(self) -> str:
        return self.stream.fingerprint

    @property
    def num_dropped(self) -> int:
        return self.stream.num_dropped

    def chunks(self) -> AsyncIterator[AudioChunk]:
        return self.stream

    def acknowledge(self, num_delivered: int) -> None:
        self.stream.acknowledge(num_delivered)

    def close(self) -> None:
        self.stream.cancel()


class LocalSource:
    """The configured engines, each started when it is first needed. `stop` it in the end."""

    def __init__(self, args: AppArgs) -> None:
        self._args = {model: engine for engine in args.engines for model in engine.model_names}
        self._running: dict[str, AsyncEngine] = {}

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self._args)

    async def voices(self) -> tuple[VoiceInfo, ...]:
        return tuple([voice for model in self._args for voice in (await self._engine(model)).voices()])

    def check_room(self, model: str) -> None:
        """Return: there is one speaker, and room for them."""

    async def open(self, request: SynthesisRequest, payer: str = "") -> LocalSpeech:
        engine = await self._engine(request.model)
        return LocalSpeech(engine.generate(request))

    async def check_ready(self) -> None:
        for engine in self._running.values():
            engine.check_health()

    async def stop(self) -> None:
        for engine in self._running.values():
            await engine.stop()

    async def _engine(self, model: str) -> AsyncEngine:
        if model not in self._running:
            engine = await create_engine(self._args[model], model)
            self._running[model] = engine  # before it is started: a start that fails half-way needs its stop
            await engine.start()
        return self._running[model]


async def speak(args: AppArgs, body: dict[str, Any], receive: Receive) -> None:
    """Speak the body of a `POST /v1/audio/speech` as a server with these arguments would.

    Raises:
        PolyvoxError: what a server would have answered.
    """
    request = _parse(body)
    audio_format = request.audio_format()
    source = LocalSource(args)
    try:
        speech = await _service(args, source).open(request.wish(), uuid.uuid4().hex)
        num_samples = 0
        with contextlib.closing(
            StreamEncoder(audio_format, speech.sample_rate_hz, OUTPUT_RATE_HZ)
        ) as encoder:
            async for chunk in speech.chunks():
                num_samples += chunk.num_samples
                receive(encoder.encode(chunk.pcm), num_samples / speech.sample_rate_hz)
                speech.acknowledge(num_samples)
            receive(encoder.finish(), num_samples / speech.sample_rate_hz)
    finally:
        await source.stop()


async def voices(args: AppArgs) -> list[dict[str, Any]]:
    """Return the catalogue that a server with these arguments would give."""
    source = LocalSource(args)
    try:
        return await _service(args, source).voices()
    finally:
        await source.stop()


def _service(args: AppArgs, source: LocalSource) -> Service:
    return Service(args.ingress, source, transport_holds_back=True)


def _parse(body: dict[str, Any]) -> SpeechRequest:
    try:
        return SpeechRequest.model_validate(body)
    except ValidationError as error:
        raise from_validation(RequestValidationError(error.errors())) from error
