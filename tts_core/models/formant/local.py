"""The formant engine without a server: for a command line on the same machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tts_core.engine.stream import StreamLimits
from tts_core.models.formant.engine import FormantEngine
from tts_core.request import SynthesisRequest
from tts_core.voice import VoiceInfo


def speak(request: SynthesisRequest, on_audio: Callable[[bytes], None]) -> int:
    """Speak a request, hand over its mono 16-bit PCM as it is made, and return the rate in Hz.

    Not for use inside a running event loop.

    Raises:
        PolyvoxError: as `FormantEngine.start`, `generate` and its streams do.
    """

    async def run() -> int:
        engine = FormantEngine(StreamLimits(), num_slots=1, max_running=1, model_name=request.model)
        await engine.start()
        try:
            stream = engine.generate(request)
            async for chunk in stream:
                on_audio(chunk.pcm)
                stream.acknowledge(chunk.start_sample + chunk.num_samples)
        finally:
            await engine.stop()
        return engine.sample_rate_hz

    return asyncio.run(run())


def voices() -> tuple[VoiceInfo, ...]:
    """Return the catalogue. Not for use inside a running event loop.

    Raises:
        MissingDependency: espeak-ng isn't installed, or can't be used here.
    """

    async def run() -> tuple[VoiceInfo, ...]:
        engine = FormantEngine(StreamLimits())
        await engine.start()
        try:
            return engine.voices()
        finally:
            await engine.stop()

    return asyncio.run(run())
