"""Where audio goes: a file that is whole or not there, or a pipe."""

from __future__ import annotations

import contextlib
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from polyvox.errors import OutputFailed
from tts_core.audio.wav import wav_header

STDOUT = "-"

_STREAMED = wav_header(1, None)
_WAV_HEADER_SIZE = len(_STREAMED)
_RATES = slice(24, 32)  # samples and bytes per second: what streamed headers differ in


class Output(Protocol):
    """Takes encoded audio."""

    def write(self, data: bytes, /) -> object: ...


class _Guarded:
    """A file whose troubles are told as ours."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name

    def write(self, data: bytes, /) -> None:
        try:
            self._file.write(data)
            self._file.flush()
        except BrokenPipeError:
            raise  # the reader of a pipe has heard enough: typer ends quietly
        except OSError as error:
            raise OutputFailed(f"{self._name} can't be written: {error.strerror}") from error


@contextlib.contextmanager
def open_output(target: str) -> Iterator[Output]:
    """Open a path, or stdout for `-`. A file is there, and whole, only if the block ends without an error.

    Raises:
        OutputFailed: it can't be written, or audio would go to a terminal.
    """
    if target == STDOUT:
        yield _stdout()
        return
    path = Path(os.path.realpath(target))
    if path.is_dir():
        raise OutputFailed(f"{target} is a folder; name a file in it")
    if path.exists() and not path.is_file():
        with _open(path, "wb", target) as file:
            yield _Guarded(file, target)
        return
    with _replacing(path, target) as output:
        yield output


def _stdout() -> Output:
    if sys.stdout.isatty():
        raise OutputFailed("stdout is a terminal; redirect it, or name a file with -o")
    return _Guarded(sys.stdout.buffer, "stdout")


@contextlib.contextmanager
def _replacing(path: Path, target: str) -> Iterator[Output]:
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with _open(part, "xb+", target) as file:
            yield _Guarded(file, target)
            _complete_wav_header(file)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _open(path: Path, mode: str, target: str) -> BinaryIO:
    try:
        return open(path, mode)  # type: ignore[return-value]  # every mode above is binary
    except OSError as error:
        raise OutputFailed(f"{target} can't be written: {error.strerror}") from error


def _complete_wav_header(file: BinaryIO) -> None:
    """Put the length into a streamed WAV's header, which had to leave before the length was known."""
    file.seek(0)
    header = file.read(_WAV_HEADER_SIZE)
    if (
        header[: _RATES.start] != _STREAMED[: _RATES.start]
        or header[_RATES.stop :] != _STREAMED[_RATES.stop :]
    ):
        return
    rate_hz = int.from_bytes(header[_RATES][:4], "little")
    num_samples = (file.seek(0, os.SEEK_END) - _WAV_HEADER_SIZE) // 2
    file.seek(0)
    file.write(wav_header(rate_hz, num_samples))
