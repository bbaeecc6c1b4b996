"""Frames survive any cutting, and half a frame is no frame."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.models.formant.connection import Connection
from tts_core.models.formant.wire import Frame, FrameKind, FrameParser, pack, read_frame, write_all

frames_strategy = st.lists(st.tuples(st.sampled_from(FrameKind), st.binary(max_size=300)))


@settings(deadline=None)
@given(frames_strategy, st.lists(st.integers(1, 50), min_size=1))
def test_frames_survive_any_cutting(frames: list[tuple[FrameKind, bytes]], sizes: list[int]) -> None:
    data = b"".join(pack(*frame) for frame in frames)
    parser, found, step = FrameParser(), [], 0
    while data:
        size = sizes[step % len(sizes)]
        found += parser.feed(data[:size])
        data, step = data[size:], step + 1
    assert found == [Frame(*frame) for frame in frames]


def test_half_a_command_is_none() -> None:
    reader, writer = os.pipe()
    write_all(writer, pack(FrameKind.SPEAK, b"abc")[:-1])
    os.close(writer)
    try:
        with pytest.raises(EOFError):
            read_frame(reader)
    finally:
        os.close(reader)


@pytest.mark.parametrize("last_words", [b"", b"\x03\x09", b"\xff" * 9])
async def test_truncated_or_foreign_bytes_are_a_loss_and_not_an_end(last_words: bytes) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    frames: list[Frame] = []
    lost = asyncio.Event()

    def lose() -> None:
        connection.close()
        lost.set()

    connection = Connection(ours, b"x", frames.extend, lose)
    connection.resume()
    with theirs:
        theirs.sendall(pack(FrameKind.AUDIO, b"ab") + last_words)
    await asyncio.wait_for(lost.wait(), 5)
    assert [frame.kind for frame in frames] in ([FrameKind.AUDIO], [])
    assert connection.closed
