"""What breaks, breaks for whom it must, and says so."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import espeakng_loader
import psutil
import pytest

from tests.support.streams import hear
from tests.support.waiting import until
from tests.unit.models.formant.support import (
    LONG_TEXT,
    SENTENCE,
    make_request,
    speak,
    speakers,
)
from tts_core.engine.stream import StreamLimits
from tts_core.errors import (
    EmptyInput,
    EnginePoisoned,
    EngineStopped,
    InvalidParameter,
    MissingDependency,
    PolyvoxError,
    SegmentFailed,
    UnknownModel,
    UnknownVoice,
    UnsupportedLanguage,
)
from tts_core.models.formant.engine import FormantEngine
from tts_core.request import SynthesisRequest


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
async def test_crashed_utterance_fails_its_own_request_only(
    tight_engine: FormantEngine, number: signal.Signals
) -> None:
    engine = tight_engine
    alone = await speak(engine, SENTENCE * 4)
    doomed = engine.generate(make_request(LONG_TEXT))
    await until(lambda: engine.stats().num_paused == 1)
    [victim] = speakers(engine)
    neighbour = engine.generate(make_request(SENTENCE * 4))
    victim.send_signal(number)
    with pytest.raises(SegmentFailed, match="crashed"):
        await hear(doomed)
    assert await hear(neighbour) == alone
    engine.check_health()


async def test_dead_host_poisons_the_engine_for_everyone(tight_engine: FormantEngine) -> None:
    engine = tight_engine
    streams = [engine.generate(make_request(LONG_TEXT)) for _ in range(5)]
    await until(lambda: engine.stats().num_paused == 5)
    orphans = speakers(engine)
    psutil.Process(engine.host_pid).kill()
    for stream in streams:
        with pytest.raises(EnginePoisoned):
            await hear(stream)
    with pytest.raises(EnginePoisoned):
        engine.check_health()
    with pytest.raises(EnginePoisoned):
        engine.generate(make_request(SENTENCE))
    assert engine.stats().num_open == engine.room().num_free == 0
    await until(lambda: not any(process.is_running() for process in orphans))


async def test_host_dies_with_its_engine() -> None:
    script = (
        "import asyncio, os\n"
        "from tests.support.waiting import until\n"
        "from tests.unit.models.formant.support import *\n"
        "from tts_core.models.formant.engine import FormantEngine\n"
        "async def main():\n"
        "    engine = FormantEngine(SHORT_LEAD)\n"
        "    await engine.start()\n"
        "    stream = engine.generate(make_request(LONG_TEXT))\n"
        "    await until(lambda: engine.stats().num_paused == 1)\n"
        "    print(engine.host_pid, *(process.pid for process in speakers(engine)), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[4]
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False
    )
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 2, done.stderr
    await until(lambda: not any(psutil.pid_exists(pid) for pid in pids))


async def test_endless_computation_is_ended_by_the_timer() -> None:
    script = (
        "import os, socket\n"
        "from tts_core.models.formant import host, wire\n"
        "class Stuck:\n"
        "    def speak(self, utterance, write, note_word):\n"
        "        while True: pass\n"
        "ours, theirs = socket.socketpair()\n"
        'theirs.sendall(wire.pack(wire.FrameKind.SPEAK, b\'["a", "b", 175, 50, 50, 1.0, false]\'))\n'
        "host._settle()\n"
        "host._MAX_MUTE_CPU_S = 0.1\n"
        "host._speak(ours.fileno(), Stuck())\n"
    )
    root = Path(__file__).parents[4]
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], cwd=root, check=False)
    assert done.returncode == -signal.SIGPROF


@pytest.mark.parametrize(
    "texts", [("...",), ("—", "...", " . "), ("\u200b\ufffd",), ("\x00\x01",), ("\ud83d",)]
)
async def test_request_with_nothing_to_say_fails_before_any_audio(
    engine: FormantEngine, texts: tuple[str, ...]
) -> None:
    stream = engine.generate(make_request(*texts))
    with pytest.raises(EmptyInput, match="nothing"):
        await anext(stream)


async def test_mute_segment_among_others_is_no_error(engine: FormantEngine) -> None:
    with_mute = await speak(engine, "...", SENTENCE)
    assert with_mute.endswith(await speak(engine, SENTENCE))
    assert await speak(engine, SENTENCE, "...")


@pytest.mark.parametrize(
    ("request_", "error", "param"),
    [
        (make_request("a", voice="xx-yy"), UnknownVoice, "voice"),
        (make_request("a", voice="en-us+f99"), UnknownVoice, "voice"),
        (make_request("a", voice="mb-en1"), UnknownVoice, "voice"),
        (make_request("a", voice="en-us+"), UnknownVoice, "voice"),
        (make_request("a", language="tlhx"), UnsupportedLanguage, "language"),
        (make_request("日本語", voice="ja"), UnsupportedLanguage, "input"),
        (make_request("a", speed=0.24), InvalidParameter, "speed"),
        (make_request("a", speed=float("nan")), InvalidParameter, "speed"),
        (make_request("a", pitch=2.01), InvalidParameter, "pitch"),
        (make_request("a", model="gpt"), UnknownModel, "model"),
        (make_request(), EmptyInput, "input"),
    ],
)
async def test_what_cannot_be_done_is_refused_at_once(
    engine: FormantEngine, request_: SynthesisRequest, error: type[PolyvoxError], param: str
) -> None:
    with pytest.raises(error) as caught:
        engine.generate(request_)
    assert caught.value.param == param
    assert engine.stats().num_open == 0


async def test_an_id_in_use_is_refused_and_its_owner_unharmed(engine: FormantEngine) -> None:
    request = make_request(SENTENCE)
    stream = engine.generate(request)
    with pytest.raises(InvalidParameter):
        engine.generate(request)
    assert await hear(stream)
    assert await hear(engine.generate(request))


async def test_engine_that_was_not_started_says_so() -> None:
    engine = FormantEngine(StreamLimits())
    for use in (engine.check_health, engine.voices, lambda: engine.generate(make_request("a"))):
        with pytest.raises(EngineStopped):
            use()


async def test_missing_wheel_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(MissingDependency, match=r"pip install 'polyvox\[formant\]'"):
        await FormantEngine(StreamLimits()).start()


@pytest.mark.parametrize("part", ["get_library_path", "get_data_path"])
async def test_unusable_wheel_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: str
) -> None:
    monkeypatch.setattr(espeakng_loader, part, lambda: str(tmp_path / "none"))
    engine = FormantEngine(StreamLimits())
    descriptors = psutil.Process().num_fds()
    with pytest.raises(MissingDependency):
        await engine.start()
    assert psutil.Process().num_fds() == descriptors
    with pytest.raises(EngineStopped):
        engine.check_health()


async def test_books_that_do_not_balance_poison_the_engine(
    engine: FormantEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine._scheduler, "remove", lambda sequence: None)
    await speak(engine, "Hello.")
    with pytest.raises(EnginePoisoned, match="idle"):
        engine.check_health()
