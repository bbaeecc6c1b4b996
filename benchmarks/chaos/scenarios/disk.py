"""The disk with the voices, and with what models make of them, is full."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import SAYS, Fleet, make_neural, neural_args, neural_asks, record
from benchmarks.chaos.listener import Ask, listen, open_session
from benchmarks.chaos.scenario import Options, Outcome, attend, settle
from benchmarks.chaos.server import run_server
from tts_core.voices import Upload, VoiceStore

_SIZE = "16m"


def run(options: Options) -> Sequence[Outcome]:
    """Fill it, add a voice, and ask for a voice that was never read before.

    Raises:
        OSError: a file system of a limited size can't be mounted here.
    """
    with tempfile.TemporaryDirectory(prefix="pvx-weights-") as weights, small_disk() as disk:
        make_neural(Path(weights), voices=disk / "voices")
        _add(disk / "voices", "bob", "en-us+m3")
        args = neural_args(2, Path(weights), voices=str(disk / "voices"), prompt_cache=str(disk / "prompts"))
        with run_server(args) as server:
            running = Fleet(server, neural_asks(4, sentences=40))

            async def fill(events: Events) -> None:
                events.mark()
                fill_up(disk / "filler")
                events.notes.append(await asyncio.to_thread(_try_to_add, disk / "voices"))
                events.notes.append(await _hear_bob(running))
                await settle(events, 10)

            options = replace(options, model="neural")
            did = "the disk with voices and prompts is full"
            return [attend("disk", did, running, options, fill)]


@contextmanager
def small_disk() -> Iterator[Path]:
    """Mount a file system of limited size.

    Raises:
        OSError: that isn't allowed here.
    """
    with tempfile.TemporaryDirectory(prefix="pvx-disk-") as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PermissionError(errno.EPERM, f"no small disk can be mounted: {done.stderr.strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill_up(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def _add(store: Path, name: str, timbre: str) -> None:
    VoiceStore(str(store)).add(name, Upload(f"{name}.wav", record(timbre)), SAYS, "en")


def _try_to_add(store: Path) -> str:
    names = [voice.name for voice in VoiceStore(str(store)).list()]
    try:
        _add(store, "carol", "en-us+f4")
    except OSError as error:
        told = f"adding a voice fails with {errno.errorcode.get(error.errno or 0, 'an error')}"
    else:
        told = "a voice was added all the same"
    left = [voice.name for voice in VoiceStore(str(store)).list()]
    return f"{told}; " + ("the store is as it was" if left == names else f"the store now holds {left}")


async def _hear_bob(running: Fleet) -> str:
    ask = Ask(-1, {**running.asks[0].body, "voice": "bob"})
    async with open_session(0.0) as session:
        heard = await listen(session, running.server.url, ask, None)
    return f"a voice that was never read before: {heard.error or 'spoken'}"
