"""Frames between the engine and its speech processes: a kind, a length, a payload.

A frame is either whole or absent, and the end is said with a frame, so nobody can take a crash for an end.
"""

from __future__ import annotations

import enum
import os
import struct
from typing import NamedTuple

_HEADER = struct.Struct("<BI")


class FrameKind(enum.IntEnum):
    """What a payload is."""

    CATALOGUE = 1  # JSON: the voices that the host found; its first word
    SPEAK = 2  # JSON: an utterance
    AUDIO = 3  # native 16-bit mono samples
    DONE = 4  # empty: the utterance is complete
    ERROR = 5  # UTF-8: why it won't be
    WORDS = 6  # JSON: [index in the text, sample] of words that begin in the audio to come


class Frame(NamedTuple):
    kind: FrameKind
    payload: bytes


def pack(kind: FrameKind, payload: bytes = b"") -> bytes:
    """Return a frame as bytes."""
    return _HEADER.pack(kind, len(payload)) + payload


class FrameParser:
    """Cuts a stream of bytes, however it was split, into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Add bytes and return the frames that are complete by now."""
        self._buffer += data
        frames = []
        position = 0
        while (frame := self._frame_at(position)) is not None:
            frames.append(frame)
            position += _HEADER.size + len(frame.payload)
        del self._buffer[:position]
        return frames

    def _frame_at(self, position: int) -> Frame | None:
        start = position + _HEADER.size
        if len(self._buffer) < start:
            return None
        kind, size = _HEADER.unpack_from(self._buffer, position)
        if len(self._buffer) < start + size:
            return None
        return Frame(FrameKind(kind), bytes(self._buffer[start : start + size]))


def read_frame(fd: int) -> Frame:
    """Read one frame from a blocking descriptor that carries no other.

    Raises:
        EOFError: the other side went away before the frame was complete.
    """
    parser = FrameParser()
    while data := os.read(fd, 1 << 16):
        for frame in parser.feed(data):
            return frame
    raise EOFError


def write_all(fd: int, data: bytes) -> None:
    """Write to a blocking descriptor until everything is written."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
