"""Requests for the tests of the formant engine."""

from __future__ import annotations

import itertools

import numpy as np
import psutil

from tests.support.streams import hear
from tts_core.engine.stream import StreamLimits
from tts_core.models.formant.engine import FormantEngine
from tts_core.request import Segment, SynthesisRequest

SENTENCE = "The quick brown fox jumps over the lazy dog."
STORY = (
    "It was a bright cold day in April, and the clocks were striking thirteen.",
    "Nobody could say how long the lights had been out!",
    "Who would come to mend them?",
)
LONG_TEXT = (
    "She sells sea shells, and the shells that she sells are sea shells for sure. " * 40
)  # over 3 minutes
SHORT_LEAD = StreamLimits(lead_s=1.0)

_ids = itertools.count()


def make_request(
    *texts: str,
    voice: str = "en-us",
    language: str | None = None,
    speed: float = 1.0,
    pitch: float = 1.0,
    seed: int = 0,
    model: str = "formant",
) -> SynthesisRequest:
    return SynthesisRequest(
        request_id=f"r{next(_ids)}",
        model=model,
        voice=voice,
        segments=tuple(Segment(index, text) for index, text in enumerate(texts)),
        language=language,
        speed=speed,
        pitch=pitch,
        seed=seed,
    )


async def speak(engine: FormantEngine, *texts: str, voice: str = "en-us", speed: float = 1.0) -> bytes:
    return await hear(engine.generate(make_request(*texts, voice=voice, speed=speed)))


def samples(pcm: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.frombuffer(pcm, np.int16).astype(np.float64)


def speakers(engine: FormantEngine) -> list[psutil.Process]:
    """Return the processes that are speaking an utterance now."""
    return psutil.Process(engine.host_pid).children()
