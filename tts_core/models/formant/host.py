"""The process that holds libespeak-ng, and forks a fresh copy of itself for each utterance.

Why a process per utterance: libespeak-ng is one global state, and parts of it (pitch flutter, gain control,
noise, the phase of the wave) live in variables that no call resets. The same sentence gives other samples,
even another number of them, depending on what was spoken before; reloading the library resets it but leaks.
A fork costs less than a millisecond and settles all of it by construction:

- The child starts from the image in which nothing has been spoken yet: its bytes depend on its command alone.
- It writes to its own socket and blocks when that is full: a slow listener pauses one utterance.
- It dies of SIGPIPE as soon as the other end is closed: that is how an utterance is cancelled.
- If it crashes, no one else notices; if it computes for long without a sample, a timer kills it.

The only thread of this process owns the library, so no lock of another can be held while it forks. Nothing
that a listener sent is ever read here: the command is read by the child. Imports are kept to what this needs.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import socket
import sys
from typing import NoReturn

from tts_core.models.formant.espeak import Espeak, EspeakError, Utterance
from tts_core.models.formant.wire import FrameKind, pack, read_frame, write_all

_ORPHAN_CHECK_S = 2.0
_MAX_MUTE_CPU_S = 10.0
_MAX_FRAME_BYTES = 1 << 14
_NICENESS = 4
_BUFFER_BYTES = 1 << 15  # about 0.7 s of audio waits in a full socket (the kernel doubles it)


def main(arguments: list[str]) -> None:
    """Serve until the engine goes away. Arguments: the control socket's fd, engine's pid, library, data."""
    control = socket.socket(fileno=int(arguments[0]))
    _settle()
    try:
        espeak = Espeak(arguments[2], arguments[3])
    except (OSError, EspeakError) as error:
        control.sendall(pack(FrameKind.ERROR, str(error).encode()))
        return
    catalogue = {"voices": espeak.voices, "variants": espeak.variants}
    control.sendall(pack(FrameKind.CATALOGUE, json.dumps(catalogue).encode()))
    gc.freeze()  # a collection in a child would touch, and so copy, every page
    _serve(control, int(arguments[1]), espeak)
    os._exit(0)  # the engine waits for this: no time for the interpreter's farewell


def _settle() -> None:
    """Set what every child inherits."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(control: socket.socket, engine_pid: int, espeak: Espeak) -> None:
    control.settimeout(_ORPHAN_CHECK_S)
    while os.getppid() == engine_pid:
        try:
            message, fds, _flags, _address = socket.recv_fds(control, 1, 1)
        except TimeoutError:  # a fork of the engine may hold the other end open after the engine's death
            continue
        if not message:
            return
        for fd in fds:
            _fork(control, fd, espeak)


def _fork(control: socket.socket, fd: int, espeak: Espeak) -> None:
    try:
        pid = os.fork()
    except OSError as error:
        with contextlib.suppress(OSError):  # the listener may have left already
            write_all(fd, pack(FrameKind.ERROR, f"no process for the utterance: {error}".encode()))
        pid = -1
    if pid == 0:
        control.close()
        _run_child(fd, espeak)
    os.close(fd)


def _run_child(fd: int, espeak: Espeak) -> NoReturn:
    """Speak, then leave the process whatever happened: the host's loop must not run twice."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.nice(_NICENESS)  # speech is ahead of its listeners: who asks for it, or is refused, needn't wait
    try:
        _speak(fd, espeak)
    except EOFError:  # cancelled before the command was complete
        pass
    except BaseException:
        sys.excepthook(*sys.exc_info())
    os._exit(0)


def _speak(fd: int, espeak: Espeak) -> None:
    """Read one command, speak it, and say how it ended."""
    with socket.socket(fileno=os.dup(fd)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    utterance = Utterance(*json.loads(read_frame(fd).payload))
    writer = _AudioWriter(fd)
    try:
        espeak.speak(utterance, writer.write, writer.note_word)
    except EspeakError as error:
        writer.flush()
        write_all(fd, pack(FrameKind.ERROR, str(error).encode()))
    else:
        writer.flush()
        write_all(fd, pack(FrameKind.DONE))


class _AudioWriter:
    """Sends samples in frames that grow: the first at once, later ones larger, for each wakes the engine.

    A timer of CPU time runs from one piece of audio to the next, so waiting for the engine is free.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._pending = bytearray()
        self._words: list[tuple[int, int]] = []
        self._frame_bytes = 1
        self._restart_timer()

    def write(self, pcm: bytes) -> None:
        self._pending += pcm
        if len(self._pending) >= self._frame_bytes:
            self.flush()
        self._restart_timer()

    def note_word(self, index: int, sample: int) -> None:
        self._words.append((index, sample))

    def flush(self) -> None:
        """Send what is pending, words before their audio."""
        if self._words:
            write_all(self._fd, pack(FrameKind.WORDS, json.dumps(self._words).encode()))
            self._words.clear()
        if self._pending:
            write_all(self._fd, pack(FrameKind.AUDIO, bytes(self._pending)))
            self._frame_bytes = min(2 * len(self._pending), _MAX_FRAME_BYTES)
            self._pending.clear()

    def _restart_timer(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, _MAX_MUTE_CPU_S)
