"""Where audio is made. That it is the same audio anywhere, the isolation tests show."""

from __future__ import annotations

import asyncio
import threading
from typing import Any
from unittest.mock import patch

import pytest

from tests.unit.models.gpt_sovits_engine.support import hear, new_engine, request
from tts_core.engine.assembly import VoiceThread
from tts_core.engine.model_runner import ModelRunner
from tts_core.models.gpt_sovits.loaded_model import LoadedModel

DECODER, VOICER = "gpt-sovits", "gpt-sovits-voice"


async def places(model: LoadedModel, voice_thread: VoiceThread, num_listeners: int) -> set[str]:
    """Return the threads that made audio for so many at once."""
    engine, threads, original = new_engine(model, voice_thread=voice_thread), set(), ModelRunner.generate
    await engine.start()

    def generate(runner: ModelRunner, *args: Any) -> Any:
        threads.add(threading.current_thread().name)
        return original(runner, *args)

    with patch.object(ModelRunner, "generate", generate):
        streams = [engine.generate(request(request_id=str(number))) for number in range(num_listeners)]
        await asyncio.gather(*(hear(stream) for stream in streams))
    await engine.stop()
    return threads


@pytest.mark.parametrize(
    ("voice_thread", "place"), [("never", DECODER), ("alone", VOICER), ("always", VOICER)]
)
async def test_one_listener(model: LoadedModel, voice_thread: VoiceThread, place: str) -> None:
    assert await places(model, voice_thread, 1) == {place}


@pytest.mark.parametrize(("voice_thread", "place"), [("never", DECODER), ("always", VOICER)])
async def test_a_crowd(model: LoadedModel, voice_thread: VoiceThread, place: str) -> None:
    assert await places(model, voice_thread, 3) == {place}


async def test_who_is_alone_only_at_times_is_served_in_both_places(model: LoadedModel) -> None:
    # Three begin together, and the last one to end is alone at last.
    assert DECODER in await places(model, "alone", 3)
