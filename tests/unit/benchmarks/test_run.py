"""Whole runs against a scripted server. Bounds on times are loose where a busy machine moves them."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import Any

import pytest

from benchmarks.load.corpus import Sentence
from benchmarks.load.lag import LagSampler
from benchmarks.load.playback import simulate
from benchmarks.load.record import RequestRecord
from benchmarks.load.rounds import summarise_rounds
from benchmarks.load.runner import LoadResult, run_load
from benchmarks.load.schedule import poisson_arrivals
from benchmarks.load.settings import Listening, LoadSettings, Pace, Target
from benchmarks.load.summary import distribution
from tests.unit.benchmarks.encoding import encode, tone
from tests.unit.benchmarks.fake_server import Script, serving

SPEECH = tone(0.5)
ONCE = Pace(concurrency=1, num_requests=1)


class Watcher:
    """Counts, and may act when a listener asks."""

    def __init__(self) -> None:
        self.num_began = self.num_ended = 0

    def began(self, record: RequestRecord) -> None:
        self.num_began += 1
        self.act(record)

    def ended(self, record: RequestRecord) -> None:
        self.num_ended += 1

    def act(self, record: RequestRecord) -> None:
        """Do nothing, unless overridden."""


async def run(
    url: str, *, pace: Pace = ONCE, text: str = "hello", watcher: Watcher | None = None, **more: Any
) -> LoadResult:
    fields = {name: more.pop(name) for name in ("api", "audio_format") if name in more}
    settings = LoadSettings(Target(url, **fields), pace, **more)
    return await run_load(settings, [Sentence(text, "en")], watcher)


async def ask(script: Script, **more: Any) -> RequestRecord:
    """Run one request that the server answers by `script`."""
    async with serving({"hello": script}) as server:
        [record] = (await run(server.url, **more)).records
    return record


async def test_ttfa_ends_with_the_first_audible_sample_not_with_the_first_byte() -> None:
    script = Script(((0.0, tone(0.1, silence_s=0.1)), (0.2, tone(0.2, silence_s=0.05))), wait_s=0.1)
    record = await ask(script)
    assert record.code is None
    assert record.audio_s == pytest.approx(0.3)
    assert record.audible_offset_s == pytest.approx(0.15)
    assert record.first_byte_s is not None
    assert record.audible_s is not None
    assert record.first_audio_s == record.first_byte_s
    assert record.first_byte_s - record.scheduled_s >= 0.09
    assert record.audible_s == record.chunks[-1].arrival_s
    assert record.ttfa_s is not None
    assert record.ttfa_s >= 0.29


async def test_a_late_chunk_is_an_underrun_of_the_time_it_was_late() -> None:
    record = await ask(Script(((0.0, tone(0.1)), (0.6, tone(0.1)))))
    first, second = record.chunks
    played = simulate(record.timeline())
    assert played is not None
    assert played.num_underruns == 1
    late_s = second.arrival_s - first.arrival_s - 0.1
    assert played.stalled_s == pytest.approx(late_s)
    assert late_s > 0.3
    assert record.longest_gap_s == pytest.approx(late_s + 0.1)


async def test_the_chunk_timeline_accounts_for_every_byte() -> None:
    record = await ask(Script(((0.0, SPEECH[:999]), (0.02, SPEECH[999:]))))
    assert sum(chunk.num_bytes for chunk in record.chunks) == record.num_bytes == len(SPEECH)
    times = [record.scheduled_s, record.sent_s, record.headers_s, record.first_byte_s, record.end_s]
    assert all(time_s is not None for time_s in times)
    assert times == sorted(times, key=float)  # type: ignore[arg-type]


@pytest.mark.parametrize("audio_format", ["wav", "mp3", "opus", "aac", "flac"])
async def test_every_format_is_heard(audio_format: str) -> None:
    body = encode(audio_format, SPEECH)
    half = len(body) // 2
    record = await ask(Script(((0.0, body[:half]), (0.01, body[half:]))), audio_format=audio_format)
    assert record.code is None
    assert record.ttfa_s is not None
    assert record.audio_s == pytest.approx(0.5, abs=0.12)


async def test_api_v2_speaks_its_own_route() -> None:
    async with serving({"hello": Script(((0.0, encode("wav", SPEECH)),))}) as server:
        [record] = (await run(server.url, api="api_v2", audio_format="wav")).records
    assert (server.paths, record.code, record.audio_s) == (["/tts"], None, 0.5)
    assert server.bodies[0]["media_type"] == "wav"


OVERLOADED = json.dumps({"error": {"code": "overloaded", "message": "full", "type": "x"}}).encode()
FAILED = json.dumps({"message": "tts failed", "Exception": "no"}).encode()


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (Script(((0.0, OVERLOADED),), 429, "application/json"), "overloaded"),
        (Script(((0.0, FAILED),), 400, "application/json"), "tts failed"),
        (Script(((0.0, b"oops"),), 500, "text/plain"), "http_500"),
        (Script(((0.0, SPEECH),), cut=True), "truncated"),
        (Script(cut=True), "connection_lost"),
        (Script(), "no_audio"),
        (Script(((0.0, bytes(4800)),)), "silent"),
        (Script(((0.0, SPEECH + b"\0"),)), "truncated"),
        (Script(((0.0, FAILED),), 200, "application/json"), "undecodable"),
    ],
)
async def test_failures_are_records_with_a_code(script: Script, code: str) -> None:
    record = await ask(script)
    assert (record.code, record.status) == (code, script.status)
    assert record.truncated is (code == "truncated")
    assert record.end_s is not None


async def test_a_server_that_falls_silent_is_a_read_timeout() -> None:
    record = await ask(Script(((0.0, SPEECH), (2.0, SPEECH))), listening=Listening(timeout_s=0.3))
    assert (record.code, record.truncated) == ("read_timeout", True)


async def test_nobody_there_is_a_record_too() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    result = await run(f"http://127.0.0.1:{port}", pace=Pace(concurrency=2, num_requests=4))
    assert [record.code for record in result.records] == ["connect_failed"] * 4


async def test_a_closed_loop_keeps_its_number_of_listeners() -> None:
    watcher = Watcher()
    async with serving({"hello": Script(((0.05, SPEECH),))}) as server:
        result = await run(server.url, pace=Pace(concurrency=3, num_requests=10), watcher=watcher)
    assert [record.index for record in result.records] == list(range(10))
    assert (watcher.num_began, watcher.num_ended) == (10, 10)
    edges = [(record.scheduled_s, 1) for record in result.records]
    edges += [(record.end_s or 0.0, -1) for record in result.records]
    num_open = [sum(change for _, change in sorted(edges)[: n + 1]) for n in range(len(edges))]
    assert max(num_open) == 3


async def test_a_burst_arrives_in_one_moment_and_the_next_when_everybody_has_left() -> None:
    async with serving({"hello": Script(((0.0, SPEECH[:2400]), (0.05, SPEECH)))}) as server:
        result = await run(server.url, pace=Pace(burst=3, rounds=2))
    first, second = result.records[:3], result.records[3:]
    assert (
        len({record.scheduled_s for record in first}) == len({record.scheduled_s for record in second}) == 1
    )
    assert second[0].scheduled_s >= max(record.end_s or 0.0 for record in first)
    rounds = summarise_rounds(result.records, 3, 0.0)
    assert [(one.num_sent, one.num_failed, one.underruns.played) for one in rounds] == [(3, 0, 3)] * 2
    for one, members in zip(rounds, (first, second), strict=True):
        assert one.audio_s == pytest.approx(3 * 0.55)
        assert one.audio_s_per_s == pytest.approx(one.audio_s / one.wall_s)
        assert one.first_audio_s is not None
        assert one.first_audio_s == distribution(record.first_audio_latency_s for record in members)
        assert 0 < one.first_audio_s.min <= one.first_audio_s.max < one.wall_s
    assert summarise_rounds(result.records, None, 0.0) == []


async def test_silence_has_a_first_sample_and_no_ttfa() -> None:
    record = await ask(Script(((0.0, bytes(4800)),)))
    assert record.ttfa_s is None
    assert record.first_audio_latency_s is not None


@pytest.mark.parametrize(("keep_alive", "num_connections"), [(False, 3), (True, 1)])
async def test_each_listener_connects_anew_unless_told(keep_alive: bool, num_connections: int) -> None:
    pace = Pace(concurrency=1, num_requests=3)
    async with serving({"hello": Script(((0.0, SPEECH),))}) as server:
        await run(server.url, pace=pace, listening=Listening(keep_alive=keep_alive))
    assert server.num_connections == num_connections


async def test_a_generator_that_is_late_shifts_no_arrival_and_owns_up() -> None:
    class Blocker(Watcher):
        def act(self, record: RequestRecord) -> None:
            if self.num_began == 2:
                time.sleep(0.4)  # to block the event loop is the point

    pace = Pace(rate=20, duration_s=1.0)
    async with serving({"hello": Script(((0.0, SPEECH),))}) as server:
        result = await run(server.url, pace=pace, watcher=Blocker(), seed=5)
    records = result.records
    assert [record.scheduled_s for record in records] == poisson_arrivals(20, 1.0, 5)
    lateness = [record.lateness_s or 0.0 for record in records]
    assert max(lateness) > 0.3
    assert all((record.ttfa_s or 0.0) >= late for record, late in zip(records, lateness, strict=True))
    assert max(result.own_load.lags_s) > 0.3


async def test_the_lag_of_a_blocked_loop_counts_for_every_wake_up_it_swallowed() -> None:
    sampler = LagSampler()
    sampler.start()
    await asyncio.sleep(0.05)
    time.sleep(0.2)  # noqa: ASYNC251 - to block the event loop is the point
    await asyncio.sleep(0.05)
    own_load = await sampler.stop()
    late = [lag_s for lag_s in own_load.lags_s if lag_s > 0.05]
    assert max(late) >= 0.18
    assert len(late) >= 12
    assert own_load.wall_s >= 0.3
