"""Starts the host, hands it utterances, notices its death."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import tts_core
from tts_core.errors import MissingDependency
from tts_core.models.formant.espeak import VoiceFile
from tts_core.models.formant.voices import Catalogue
from tts_core.models.formant.wire import FrameKind, FrameParser

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 2.0
_SEND_TIMEOUT_S = 1.0
# Isolated and without site packages: nothing but the standard library and this package, so forks stay cheap.
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from tts_core.models.formant.host import main; main(sys.argv[2:])"
)


class HostProcess:
    """The engine's handle on `host`.

    Args:
        on_death: called once, with a description, if the host ends without having been told to.
    """

    def __init__(self, on_death: Callable[[str], None]) -> None:
        library, data = _find_library()
        self._on_death = on_death
        self._loop = asyncio.get_running_loop()
        self._parser = FrameParser()
        self._catalogue: asyncio.Future[Catalogue] = self._loop.create_future()
        self._gone = asyncio.Event()
        self._stopping = False
        self._control, remote = socket.socketpair()
        with remote:
            self._process = _spawn(remote.fileno(), library, data)
        self._control.settimeout(_SEND_TIMEOUT_S)
        self._loop.add_reader(self._control, self._receive)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def catalogue(self) -> Catalogue:
        """Return the voices, once the host is ready to speak.

        Raises:
            MissingDependency: the host can't use the library.
        """
        try:
            return await asyncio.wait_for(asyncio.shield(self._catalogue), _START_TIMEOUT_S)
        except asyncio.TimeoutError:
            raise MissingDependency(f"espeak-ng was not ready within {_START_TIMEOUT_S:g} s") from None

    def connect(self) -> socket.socket:
        """Have a process forked, and return a non-blocking socket to it.

        Raises:
            OSError: no descriptors are left, or the host is gone or stuck.
        """
        local, remote = socket.socketpair()
        with remote:
            try:
                socket.send_fds(self._control, [b"\0"], [remote.fileno()])
            except OSError:
                local.close()
                raise
        local.setblocking(False)
        return local

    async def stop(self) -> None:
        """Tell the host to go, and return when it has gone."""
        self._stopping = True
        with contextlib.suppress(OSError):  # it may have gone already
            self._control.shutdown(socket.SHUT_WR)
        try:
            await asyncio.wait_for(self._gone.wait(), _STOP_TIMEOUT_S)
        except asyncio.TimeoutError:
            self._process.kill()
            await self._gone.wait()
        self._process.wait()
        self._control.close()

    def _receive(self) -> None:
        try:
            data = self._control.recv(1 << 16)
        except OSError:
            data = b""
        for frame in self._parser.feed(data):
            if frame.kind is FrameKind.CATALOGUE:
                self._catalogue.set_result(_read_catalogue(frame.payload))
            else:
                self._catalogue.set_exception(MissingDependency(_unusable(frame.payload.decode())))
        if not data:
            self._note_death()

    def _note_death(self) -> None:
        self._loop.remove_reader(self._control)
        self._gone.set()
        if not self._catalogue.done():
            self._catalogue.set_exception(MissingDependency(_unusable("its process ended at once")))
        # Taking note of the exception keeps asyncio from reporting it, should nobody wait for it.
        if self._catalogue.exception() is None and not self._stopping:
            self._on_death(f"the process that holds espeak-ng ended (exit status {self._process.wait()})")


def _spawn(control_fd: int, library: str, data: str) -> subprocess.Popen[bytes]:
    root = Path(tts_core.__file__).parents[1]
    arguments = [str(root), str(control_fd), str(os.getpid()), library, data]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _BOOT, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(control_fd,),
        start_new_session=True,  # Ctrl-C is for the engine, which then stops its host
    )


def _find_library() -> tuple[str, str]:
    try:
        import espeakng_loader
    except ImportError:
        raise MissingDependency(
            "the formant engine needs espeak-ng: pip install 'polyvox[formant]'", param="espeakng-loader"
        ) from None
    return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()


def _read_catalogue(payload: bytes) -> Catalogue:
    listed = json.loads(payload)
    files = [VoiceFile(file, name, tuple(languages)) for file, name, languages in listed["voices"]]
    return Catalogue(files, listed["variants"])


def _unusable(reason: str) -> str:
    return f"espeak-ng can't be used here: {reason}. Reinstall it: pip install 'polyvox[formant]'"
