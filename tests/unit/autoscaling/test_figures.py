"""What a replica reports: its load, its listeners' headroom, whom it refused."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

import pytest

from deployments.autoscaling.figures import ReplicaFigures, headroom_s
from deployments.autoscaling.meter import LoadMeter
from tts_core.engine.stream import SpeechStream, StreamLimits
from tts_core.errors import Overloaded, UnknownVoice
from tts_core.request import Returning
from tts_core.stats import EngineStats

RATE_HZ = 1000


def stats(num_open: int, audio_s: float, num_paused: int = 0) -> EngineStats:
    return EngineStats(
        num_slots=8, num_open=num_open, num_paused=num_paused, num_finished=0, num_aborted=0, audio_s=audio_s
    )


def worked(meter: LoadMeter, *counts: int, fixed_s: float, each_s: float, num_paused: int = 0) -> None:
    """Let an engine that takes so long for a second of everyone's audio work for so many listeners."""
    now_s = audio_s = 0.0
    for count in counts:
        meter.observe(now_s, stats(count, audio_s, num_paused))
        for _ in range(5):
            now_s += 1.0
            audio_s += count / (fixed_s + count * each_s)
            meter.observe(now_s, stats(count, audio_s, num_paused))
        now_s += 1.0
        meter.observe(now_s, stats(0, audio_s))
        now_s += 1.0


def test_nothing_is_known_before_anything_ran() -> None:
    assert LoadMeter().load(3) == 0.0


def test_the_line_is_found_from_different_numbers() -> None:
    meter = LoadMeter()
    worked(meter, 1, 4, 8, fixed_s=0.6, each_s=0.1)
    assert meter.load(4) == pytest.approx(1.0, rel=0.01)
    assert meter.load(2) == pytest.approx(0.5, rel=0.01)


def test_one_number_alone_is_reckoned_dear() -> None:
    meter = LoadMeter()
    worked(meter, 2, fixed_s=0.6, each_s=0.1)
    assert meter.load(2) == pytest.approx(0.8, rel=0.01)
    assert meter.load(4) == pytest.approx(1.6, rel=0.01)


def test_a_machine_too_slow_for_anyone_is_full_with_one() -> None:
    meter = LoadMeter()
    worked(meter, 1, 2, 4, fixed_s=1.5, each_s=0.5)
    assert meter.load(1) == pytest.approx(2.0, rel=0.01)


def test_time_in_which_all_wait_for_their_listeners_tells_nothing() -> None:
    meter = LoadMeter()
    worked(meter, 2, fixed_s=0.6, each_s=0.1, num_paused=2)
    assert meter.load(2) == 0.0


async def playing(made_s: float, taken_s: float) -> tuple[SpeechStream, float]:
    """Return a stream whose listener began to play just now, and when that was."""
    stream = SpeechStream(RATE_HZ, StreamLimits(lead_s=60.0, max_chunk_s=60.0))
    stream.write(bytes(2 * RATE_HZ))
    await anext(stream)
    stream.write(bytes(int(2 * RATE_HZ * (made_s - 1))))
    if made_s > 1:
        await anext(stream)
    stream.acknowledge(int(taken_s * RATE_HZ))
    return stream, stream.deadline - made_s


async def test_headroom_is_what_was_made_less_what_was_played() -> None:
    stream, began_s = await playing(made_s=8.0, taken_s=8.0)
    assert headroom_s(stream, began_s + 7.5) == pytest.approx(0.5)
    assert headroom_s(stream, began_s + 9.0) == pytest.approx(-1.0)


async def test_a_stream_that_has_just_begun_says_nothing() -> None:
    stream, began_s = await playing(made_s=1.0, taken_s=1.0)
    assert headroom_s(stream, began_s + 0.9) == math.inf


async def test_who_returns_says_nothing_of_us_at_first() -> None:
    returning = Returning(num_known=20 * RATE_HZ, in_hand_s=-60.0)
    stream = SpeechStream(RATE_HZ, StreamLimits(lead_s=60.0), returning=returning)
    stream.skip(20 * RATE_HZ)
    stream.acknowledge(20 * RATE_HZ)
    assert headroom_s(stream, stream.opened_at + 1.0) == math.inf
    assert headroom_s(stream, stream.opened_at + 6.0) == pytest.approx(-66.0)


async def test_a_listener_who_is_slow_to_take_says_nothing() -> None:
    stream, began_s = await playing(made_s=8.0, taken_s=3.0)
    assert headroom_s(stream, began_s + 9.0) == math.inf


async def test_a_stream_that_is_all_made_says_nothing() -> None:
    stream, began_s = await playing(made_s=8.0, taken_s=8.0)
    stream.finish()
    assert headroom_s(stream, began_s + 9.0) == math.inf


async def test_the_report_has_the_lowest_headroom_and_forgets_those_who_left() -> None:
    figures = ReplicaFigures(4)
    dry, began_s = await playing(made_s=6.0, taken_s=6.0)
    for stream in (dry, (await playing(made_s=9.0, taken_s=9.0))[0]):
        figures.opened(stream)
    assert figures.report(began_s + 6.5, stats(2, 0.0)).headroom_s == pytest.approx(-0.5, abs=0.1)
    figures.ended(dry)
    assert figures.report(began_s + 6.5, stats(1, 0.0)).headroom_s == pytest.approx(2.5, abs=0.1)


async def test_the_load_is_the_engines_own_where_it_knows_it() -> None:
    figures = ReplicaFigures(4)
    for now_s in (0.0, 1.0, 2.0):
        report = figures.report(now_s, stats(1, now_s))
        knowing = figures.report(now_s, replace(stats(1, now_s), load=0.25))
    assert report.load == pytest.approx(1.0)  # all that came out in that time, which it may have waited in
    assert knowing.load == 0.25


async def test_a_replica_that_has_no_model_in_memory_will_have_its_slots() -> None:
    figures, now_s = ReplicaFigures(4), asyncio.get_running_loop().time()
    assert figures.report(now_s, EngineStats()) == (4.0, 0.0, 0.0, math.inf, 0.0)


async def test_refusals_are_reported_once_and_only_those_for_want_of_room() -> None:
    figures, now_s = ReplicaFigures(4), asyncio.get_running_loop().time()
    figures.refused(Overloaded("full"))
    figures.refused(UnknownVoice("who?"))
    figures.turned_away(2)
    assert figures.report(now_s, stats(8, 0.0)) == (8.0, 8.0, 0.0, math.inf, 3.0)
    assert figures.report(now_s + 1, stats(8, 0.0)).refused == 0.0
