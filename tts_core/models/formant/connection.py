"""The engine's end of one utterance: sends its command, receives its frames, ends it by closing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from tts_core.models.formant.wire import Frame, FrameParser

_READ_BYTES = 1 << 16


class Connection:
    """A socket to the process that speaks one utterance. Paused until `resume`.

    While it is paused nothing is read, so the socket fills and the process blocks. Closing ends the process.

    Args:
        connected: non-blocking; owned from here on.
        command: what to send first.
        on_frames: called with each batch of complete frames.
        on_lost: called when the process has gone, after its last frame.
    """

    def __init__(
        self,
        connected: socket.socket,
        command: bytes,
        on_frames: Callable[[list[Frame]], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connected
        self._unsent = memoryview(command)
        self._on_frames = on_frames
        self._on_lost = on_lost
        self._parser = FrameParser()
        self._reading = False
        self._loop.add_writer(connected, self._send)

    @property
    def closed(self) -> bool:
        return self._socket.fileno() < 0

    def resume(self) -> None:
        """Read from now on."""
        if not self._reading:
            self._reading = True
            self._loop.add_reader(self._socket, self._receive)

    def pause(self) -> None:
        """Read no more until `resume`."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._socket)

    def close(self) -> None:
        """End the utterance, whatever it was doing. Nothing is called back afterwards."""
        if not self.closed:
            self.pause()
            self._loop.remove_writer(self._socket)
            self._socket.close()

    def _send(self) -> None:
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError:  # the process has gone; whoever reads will see it
            self._unsent = memoryview(b"")
        if not self._unsent:
            self._loop.remove_writer(self._socket)

    def _receive(self) -> None:
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        try:
            frames = self._parser.feed(data)
        except ValueError:  # not a frame: whatever wrote this is not to be trusted any further
            frames, data = [], b""
        if frames:
            self._on_frames(frames)
        if not data and not self.closed:
            self._on_lost()
