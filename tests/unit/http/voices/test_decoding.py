"""A recording from outside can fail, and takes nothing with it: neither the server nor its time and files."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import textwrap
from pathlib import Path

import numpy as np
import psutil
import pytest

from deployments.http.voices.confined import READY
from deployments.http.voices.decoding import COMMAND, MAX_WAITING, Decoder
from tests.unit.http.voices.support import WAV, connect, files_in, upload
from tests.unit.voices.samples import encode, encode_with_libav, speech
from tts_core.audio.decoder import decode
from tts_core.errors import InvalidVoice, Overloaded, PolyvoxError

ROOT = COMMAND[-1]


def confined(*then: str, timeout_s: float = 30.0) -> Decoder:
    """Return a decoder whose process reads, is confined, and does something else than to decode."""
    script = f"""
        import os, socket, subprocess, sys
        sys.path.insert(0, {ROOT!r})
        from deployments.http.voices.confined import READY, confine
        data = sys.stdin.buffer.read()
        confine()
        sys.stdout.buffer.write(READY)
        sys.stdout.flush()
    """
    lines = textwrap.dedent(script) + "\n".join(then)
    return Decoder(command=(sys.executable, "-I", "-c", lines), timeout_s=timeout_s)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
async def test_what_people_upload_is_decoded_within_the_limits(kind: str) -> None:
    file = encode(speech(44_100), 44_100, kind)
    decoded = await Decoder().decode(file)
    expected = decode(file)
    assert decoded.samples == expected.samples.astype("<f4").tobytes()
    assert decoded.rate_hz == 44_100
    assert decoded.figures["duration_s"] == pytest.approx(4.0, abs=0.06)


@pytest.mark.parametrize(("kind", "codec"), [("mp4", "aac"), ("webm", "libopus"), ("ogg", "libopus")])
async def test_what_telephones_and_browsers_record_is_decoded(kind: str, codec: str) -> None:
    decoded = await Decoder().decode(encode_with_libav(speech(48_000), 48_000, kind, codec))
    assert decoded.rate_hz == 48_000


async def test_hours_of_silence_in_a_few_kilobytes_are_refused_early() -> None:
    bomb = encode(np.zeros(2 * 3600 * 8000, np.float32), 8000, "FLAC")
    assert len(bomb) < 300_000
    with pytest.raises(InvalidVoice, match="longer than 60 s"):
        await Decoder().decode(bomb)


def header(rate_hz: int, num_channels: int) -> bytes:
    """Return a WAV file that says of itself what no recording is."""
    plain = bytearray(encode(speech(8_000), 8_000))
    plain[22:24] = num_channels.to_bytes(2, "little")
    plain[24:28] = rate_hz.to_bytes(4, "little")
    plain[28:32] = min(rate_hz * num_channels * 2, 2**32 - 1).to_bytes(4, "little")
    plain[32:34] = (num_channels * 2 % 65_536).to_bytes(2, "little")
    return bytes(plain)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100_000,
        b"not audio at all",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        WAV[: len(WAV) // 2],
        header(1, 1),
        header(2**31 - 1, 1),
        header(8_000, 200),
        b"PK\x03\x04" + bytes(1000),
        b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    ],
)
async def test_what_is_no_recording_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(InvalidVoice) as caught:
        await Decoder().decode(data)
    assert caught.value.param == "audio_sample"
    assert "/" not in caught.value.message.replace("and/or", "")


@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        ("open('/etc/passwd').read()", "OSError"),
        ("open({path!r}, 'wb').write(b'x')", "OSError"),
        ("socket.socket()", "OSError"),
        ("subprocess.run(['true'])", "OSError"),
        ("bytearray(3 << 30)", "MemoryError"),
    ],
)
async def test_a_process_taken_over_reaches_nothing(tmp_path: Path, attempt: str, error: str) -> None:
    path = str(tmp_path / "file")
    decoder = confined(
        "try:",
        f"    {attempt.format(path=path)}",
        "except BaseException as error:",
        "    names = [kind.__name__ for kind in type(error).__mro__]",
        "    import json; sys.stdout.write(json.dumps({'error': ' '.join(names)}))",
        "else:",
        '    sys.stdout.write(\'{"error": "it reached it"}\')',
    )
    with pytest.raises(InvalidVoice) as caught:
        await decoder.decode(b"")
    assert error in caught.value.message
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    "deed",
    [
        "os.kill(os.getpid(), 11)",
        "os._exit(3)",
        "raise SystemExit(1)",
        "while True: sys.stdout.write('x' * 65536)",
        "while True: sys.stderr.write('x' * 65536)",
        "print('not JSON')",
        "print('[' * 100000)",
        "print('[]')",
        'print(\'{"figures": {}, "warnings": [], "rate_hz": 16000}\')',
        "print('{\"figures\": {}, \"warnings\": [], \"rate_hz\": -1}'); print('12345678', end='')",
        "",
    ],
)
async def test_a_process_that_misbehaves_is_the_recordings_fault(deed: str) -> None:
    with pytest.raises(InvalidVoice, match="can't be decoded"):
        await confined(deed).decode(WAV)


async def test_a_process_that_never_ends_is_ended() -> None:
    decoder = confined("while True: pass", timeout_s=0.5)
    with pytest.raises(InvalidVoice, match=r"more than 0\.5 s"):
        await decoder.decode(WAV)
    assert not processes()


async def test_a_process_that_doesnt_start_is_the_servers_fault() -> None:
    with pytest.raises(PolyvoxError) as caught:
        await Decoder(command=(sys.executable, "-c", "import nothing_like_it")).decode(WAV)
    assert caught.value.code == "internal_error"


async def test_who_hangs_up_leaves_no_process() -> None:
    waiting = asyncio.create_task(confined("import time; time.sleep(60)").decode(WAV))
    await until_one_runs()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not processes()


async def test_only_so_many_run_and_only_so_many_wait() -> None:
    decoder = confined("import time; time.sleep(60)")

    async def decode_in_place() -> None:
        with decoder.place():
            await decoder.decode(WAV)

    tasks = [asyncio.create_task(decode_in_place()) for _ in range(1 + MAX_WAITING)]
    await until_one_runs()
    with pytest.raises(Overloaded):
        await decode_in_place()
    assert len(processes()) == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not processes()


async def test_its_environment_holds_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    decoder = confined("import json; sys.stdout.write(json.dumps({'error': ' '.join(os.environ)}))")
    with pytest.raises(InvalidVoice) as caught:
        await decoder.decode(b"")
    assert "AWS" not in caught.value.message
    assert "PATH" in caught.value.message


async def test_the_whole_way_with_the_real_decoder(tmp_path: Path) -> None:
    async with connect(tmp_path, Decoder()) as client:
        answer = await upload(client)
        assert answer.status_code == 200, answer.text
        assert answer.json()["warnings"] == []
        refused = await upload(client, io.BytesIO(b"nothing").getvalue(), name="other")
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_voice")


async def until_one_runs() -> None:
    for _ in range(1000):
        if processes():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no process was started")


def processes() -> list[psutil.Process]:
    """Return the decoding processes of this one, each of which leads a session of its own."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if _is_decoding(child)]


def _is_decoding(child: psutil.Process) -> bool:
    try:
        return child.status() != psutil.STATUS_ZOMBIE and os.getsid(child.pid) != os.getsid(0)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return False


def test_a_file_may_not_say_that_it_is_ready() -> None:
    """What a decoding process answers begins before it has looked at the file."""
    assert READY not in WAV


async def test_a_process_leaves_no_children() -> None:
    deed = 'if os.fork() == 0:\n    import time\n    while True: time.sleep(1)\nprint(\'{"error": "done"}\')'
    decoder = confined(deed, timeout_s=1.0)
    with pytest.raises(InvalidVoice):
        await decoder.decode(WAV)
    assert not processes()
