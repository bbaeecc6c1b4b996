"""Recordings from outside, decoded in a process of their own, of which there are only so many at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from deployments.http.voices.confined import READY, UPLOAD_NAME
from tts_core.errors import InvalidVoice, Overloaded, PolyvoxError

TIMEOUT_S = 30.0
MAX_WAITING = 8
_RETRY_AFTER_S = 2.0
_END_S = 5.0
# Ten seconds at the highest rate, as float32, and the line before them.
_MAX_ANSWER_BYTES = 10 * 192_000 * 4 + 65_536
_MAX_STDERR_BYTES = 16_384
_READ_BYTES = 65_536
_SHOWN_CHARS = 300
_SAMPLE_BYTES = 4
_ROOT = Path(__file__).parents[3]

# -I: neither the working directory nor the environment decides what is imported.
COMMAND = (
    sys.executable,
    "-I",
    "-c",
    "import sys; sys.path.insert(0, sys.argv[1]); from deployments.http.voices.confined import main; main()",
    str(_ROOT),
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decoded:
    """A recording that will do.

    Attributes:
        figures: as `Examination`, plain.
        warnings: what makes a clone worse than it could be.
        samples: mono float32, little-endian.
        rate_hz: of the samples.
    """

    figures: dict[str, Any]
    warnings: tuple[str, ...]
    samples: bytes
    rate_hz: int


class Decoder:
    """Starts a confined process for each recording. Belongs to the event loop.

    Args:
        num_processes: at once.
        command: what to start; it is to behave as `confined`.
        timeout_s: for one recording; the process is killed then.
    """

    def __init__(
        self, num_processes: int = 1, command: Sequence[str] = COMMAND, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._num_processes, self._command, self._timeout_s = num_processes, tuple(command), timeout_s
        self._turns = asyncio.Semaphore(num_processes)
        self._num_here = 0

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Keep a place for a recording, from before it is in memory until it is decoded.

        Raises:
            Overloaded: too many others have one.
        """
        if self._num_here >= self._num_processes + MAX_WAITING:
            raise Overloaded("too many recordings are being decoded", retry_after_s=_RETRY_AFTER_S)
        self._num_here += 1
        try:
            yield
        finally:
            self._num_here -= 1

    async def decode(self, data: bytes) -> Decoded:
        """Check and decode a recording that has a place.

        Raises:
            InvalidVoice: it won't do, or its decoding ran out of time or memory, or crashed.
            PolyvoxError: the process can't be started.
        """
        async with self._turns:
            return _parse(await self._run(data))

    async def _run(self, data: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=_environment(),
            cwd="/",
            start_new_session=True,
        )
        try:
            with anyio.fail_after(self._timeout_s):
                answer, complaints = await _converse(process, data)
                status = await process.wait()
        except TimeoutError:
            raise _gave_up(f"it took more than {self._timeout_s:g} s") from None
        except _TooMuch:
            raise _gave_up("it gave more sound than any recording holds") from None
        finally:
            await _end(process)
        if not answer.startswith(READY):
            logger.error("the decoding process didn't start: %s", complaints.decode("utf-8", "replace"))
            raise PolyvoxError("the server can't decode recordings at the moment; its log says why")
        if status != 0:
            logger.warning("decoding a recording ended with status %d", status)
            raise _gave_up("its decoding crashed, or ran out of time or memory")
        return answer[len(READY) :]


class _TooMuch(Exception):
    """More was written than is to be read."""


async def _converse(process: asyncio.subprocess.Process, data: bytes) -> tuple[bytes, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    writing = asyncio.create_task(_write(process.stdin, data))
    complaining = asyncio.create_task(_read(process.stderr, _MAX_STDERR_BYTES))
    answering = asyncio.create_task(_read(process.stdout, _MAX_ANSWER_BYTES))
    tasks = (writing, complaining, answering)
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return answering.result(), complaining.result()


async def _read(stream: asyncio.StreamReader, max_bytes: int) -> bytes:
    data = bytearray()
    while part := await stream.read(_READ_BYTES):
        data += part
        if len(data) > max_bytes:
            raise _TooMuch
    return bytes(data)


async def _write(stream: asyncio.StreamWriter, data: bytes) -> None:
    try:
        stream.write(data)
        await stream.drain()
        stream.close()
    except (BrokenPipeError, ConnectionResetError):
        return  # it ended early: its status says why


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave no process behind, nor one that it may have started, whoever hangs up meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # asyncio takes a process for running until what it wrote was read.
    with anyio.move_on_after(_END_S, shield=True):
        for stream in (process.stdout, process.stderr):
            while stream is not None and await stream.read(_READ_BYTES):
                pass
        await process.wait()


def _environment() -> dict[str, str]:
    """Return what the process may know: nothing of this one's keys, tokens and settings."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **one_thread, **kept}


def _parse(answer: bytes) -> Decoded:
    """Read an answer as what it is: from a process that a crafted file may have taken over."""
    head, _, samples = answer.partition(b"\n")
    try:
        value = json.loads(head)
        if isinstance(value.get("error"), str):
            raise InvalidVoice(value["error"][:_SHOWN_CHARS], param=UPLOAD_NAME)
        decoded = Decoded(
            figures={str(name): _plain(figure) for name, figure in value["figures"].items()},
            warnings=tuple(str(warning)[:_SHOWN_CHARS] for warning in value["warnings"]),
            samples=samples,
            rate_hz=int(value["rate_hz"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _gave_up("its decoding gave no sound") from None
    if not samples or len(samples) % _SAMPLE_BYTES or not 1 <= decoded.rate_hz <= 192_000:
        raise _gave_up("its decoding gave no sound")
    return decoded


def _plain(figure: Any) -> float | str:
    return figure if isinstance(figure, (int, float)) else str(figure)[:_SHOWN_CHARS]


def _gave_up(reason: str) -> InvalidVoice:
    return InvalidVoice(f"{UPLOAD_NAME}: it can't be decoded: {reason}", param=UPLOAD_NAME)
