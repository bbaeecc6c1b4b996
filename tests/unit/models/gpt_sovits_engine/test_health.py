"""What an engine's threads can't report themselves, found by whoever asks, in whichever thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from tests.unit.models.gpt_sovits_engine.support import hear, new_engine, request, until
from tts_core.engine import preparer
from tts_core.engine.async_engine import BatchingEngine
from tts_core.errors import EnginePoisoned, EngineStopped
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import Script


def poisoned(engine: BatchingEngine) -> bool:
    try:
        engine.check_health()
    except EnginePoisoned:
        return True
    return False


@contextmanager
def hanging(owner: Any, name: str) -> Iterator[threading.Event]:
    """Let a method hang until the end of the block; the event says that it does."""
    original, hangs, go_on = getattr(owner, name), threading.Event(), threading.Event()

    def hang(*args: Any, **kwargs: Any) -> Any:
        hangs.set()
        go_on.wait()
        return original(*args, **kwargs)

    with patch.object(owner, name, hang):
        try:
            yield hangs
        finally:
            go_on.set()


def noting(threads: set[int], call: Callable[..., None] | None) -> Callable[..., None]:
    """Return the call, which notes the threads in which it is made."""

    def noted(*args: Any) -> None:
        threads.add(threading.get_ident())
        if call is not None:
            call(*args)

    return noted


@pytest.mark.parametrize("where", ["the reader", "a command"])
async def test_what_hangs_beside_the_steps_is_a_fault(where: str, model: LoadedModel) -> None:
    engine = new_engine(model, max_step_s=0.05)
    await engine.start()
    owner, name = (engine, "_voice_of") if where == "the reader" else (Script, "takes")
    with hanging(owner, name) as hangs:
        stream = engine.generate(request())
        await until(hangs.is_set)
        await until(lambda: poisoned(engine))
        with pytest.raises(EnginePoisoned, match="a step has run for more than"):
            await anext(stream)
        assert engine.room().num_free == 0
    await engine.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_thread_that_died_is_a_fault(model: LoadedModel) -> None:
    engine = new_engine(model)
    with patch.object(preparer, "SideStream", side_effect=RuntimeError("no stream on this device")):
        await engine.start()
    stream = engine.generate(request())
    await until(lambda: poisoned(engine))
    with pytest.raises(EnginePoisoned, match="a thread of the engine has died"):
        await anext(stream)
    await engine.stop()


async def test_streams_are_ended_in_the_event_loop_whoever_asks(model: LoadedModel) -> None:
    """Ray Serve asks in a thread of its own."""
    engine, enders = new_engine(model, max_step_s=0.05), set[int]()
    await engine.start()
    with hanging(engine, "_voice_of") as hangs:
        stream = engine.generate(request())
        stream._on_close = noting(enders, stream._on_close)
        await until(hangs.is_set)
        while not await asyncio.to_thread(poisoned, engine):
            pass
        with pytest.raises(EnginePoisoned):
            await hear(stream)
    assert enders == {threading.get_ident()}
    await engine.stop()


@pytest.mark.usefixtures("cold_start")
async def test_who_waits_for_an_engine_that_is_stopped_is_told(model: LoadedModel) -> None:
    engine = new_engine(model)
    with hanging(model.t2s, "prefill") as hangs:
        starting = asyncio.create_task(engine.start())
        await until(hangs.is_set)
        stopping = asyncio.create_task(engine.stop())
        with pytest.raises(EngineStopped, match="before it was ready"):
            await asyncio.wait_for(asyncio.shield(starting), 10)
    await stopping
    with pytest.raises(EngineStopped):
        engine.check_health()
    await engine.start()
    assert await hear(engine.generate(request()))
    await engine.stop()
