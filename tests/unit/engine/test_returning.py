"""A listener whose replica is gone is served by when they run dry, not as somebody who has just come."""

from __future__ import annotations

import asyncio

import pytest

from tts_core.engine.stream import SpeechStream, StreamLimits
from tts_core.request import Returning

RATE_HZ = 1000
SECOND = bytes(2 * RATE_HZ)


def stream_for(num_known: int, in_hand_s: float) -> SpeechStream:
    return SpeechStream(RATE_HZ, StreamLimits(lead_s=100.0), returning=Returning(num_known, in_hand_s))


async def test_the_deadline_is_when_they_run_dry_until_something_new_is_made() -> None:
    now_s = asyncio.get_running_loop().time()
    stream = stream_for(num_known=2500, in_hand_s=4.0)
    for new_s in (0.0, 0.0, 0.0, 0.5, 1.5):
        assert stream.deadline == pytest.approx(now_s + 4.0 + new_s, abs=0.2)
        stream.write(SECOND)
        await anext(stream)


async def test_what_a_dry_listener_knows_gives_them_no_time() -> None:
    now_s = asyncio.get_running_loop().time()
    stream = stream_for(num_known=2000, in_hand_s=0.0)
    stream.write(SECOND * 2)
    assert stream.deadline == pytest.approx(now_s, abs=0.2)
    stream.write(SECOND)
    assert stream.deadline == pytest.approx(now_s + 1.0, abs=0.2)


async def test_who_must_not_wait_is_served_first_until_there_is_something_new() -> None:
    now_s = asyncio.get_running_loop().time()
    urgent, dry = stream_for(num_known=2000, in_hand_s=-60.0), stream_for(num_known=2000, in_hand_s=0.0)
    urgent.write(SECOND * 2)
    assert urgent.deadline < dry.deadline - 30.0
    urgent.write(SECOND)
    assert urgent.deadline == pytest.approx(now_s + 1.0, abs=0.2)


async def test_what_a_listener_has_is_left_out_and_counted() -> None:
    stream = stream_for(num_known=2500, in_hand_s=0.0)
    stream.mark(3, codes=(1, 2))
    stream.skip(2 * RATE_HZ)
    stream.write(SECOND)
    chunk = await anext(stream)
    assert (chunk.start_sample, chunk.num_samples) == (2 * RATE_HZ, RATE_HZ)
    assert [(mark.segment, mark.start_sample) for mark in chunk.marks] == [(3, 0)]
    assert (stream.num_written, stream.num_made) == (3 * RATE_HZ, RATE_HZ)


async def test_what_was_delivered_before_counts_once_it_is_left_out() -> None:
    """Else a listener who has much of a long sentence would leave no room to go on with it."""
    stream = SpeechStream(RATE_HZ, StreamLimits(lead_s=1.0), returning=Returning(9 * RATE_HZ, 0.0))
    stream.acknowledge(9 * RATE_HZ)
    assert stream.num_delivered == 0
    stream.skip(8 * RATE_HZ)
    assert stream.num_delivered == 8 * RATE_HZ
    assert stream.has_room


async def test_nothing_is_left_out_behind_what_waits() -> None:
    stream = stream_for(num_known=2500, in_hand_s=0.0)
    stream.write(SECOND)
    with pytest.raises(RuntimeError, match="behind others"):
        stream.skip(RATE_HZ)
