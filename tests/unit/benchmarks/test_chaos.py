"""Listeners that misbehave, and a run that is stopped."""

from __future__ import annotations

import asyncio
import signal

from benchmarks.load.corpus import Sentence
from benchmarks.load.record import RequestRecord
from benchmarks.load.runner import run_load
from benchmarks.load.settings import Chaos, LoadSettings, Pace, Target
from tests.unit.benchmarks.encoding import tone
from tests.unit.benchmarks.fake_server import Script, serving

SENTENCES = [Sentence("hello", "en")]
PIECE = tone(1.0)


async def test_a_hang_up_reaches_the_server_and_is_no_error() -> None:
    chaos = Chaos(hangup_after_bytes=len(PIECE), hangup_share=0.5)
    async with serving({"hello": Script(((0.02, PIECE),) * 100)}) as server:
        settings = LoadSettings(Target(server.url), Pace(concurrency=2, num_requests=2), chaos)
        result = await run_load(settings, SENTENCES)
        async with server.someone_gone:
            await asyncio.wait_for(server.someone_gone.wait_for(lambda: server.num_gone == 1), 10)
    by_role = {record.role: record for record in result.records}
    assert set(by_role) == {"listener", "hangup"}
    assert all(record.code is None for record in result.records)
    assert by_role["hangup"].acted
    assert by_role["hangup"].num_bytes < by_role["listener"].num_bytes == 100 * len(PIECE)


async def test_a_stalled_reader_is_felt_by_the_server_and_then_reads_on() -> None:
    num_pieces = 400
    chaos = Chaos(stall_after_bytes=1, stall_share=1.0, stall_s=1.0)
    async with serving({"hello": Script(((0.0, PIECE),) * num_pieces)}) as server:
        settings = LoadSettings(Target(server.url), Pace(concurrency=1, num_requests=1), chaos)
        running = asyncio.create_task(run_load(settings, SENTENCES))
        await asyncio.sleep(0.6)
        # 19 MB in all: more than the buffers of both sides' sockets hold.
        assert server.num_sent < num_pieces
        [record] = (await running).records
    assert (record.code, record.acted) == (None, True)
    assert record.num_bytes == num_pieces * len(PIECE)
    assert record.longest_gap_s is not None
    assert record.longest_gap_s >= 0.99


async def test_an_interrupted_run_returns_what_it_has() -> None:
    class Stopper:
        def began(self, record: RequestRecord) -> None:
            asyncio.get_running_loop().call_later(0.1, signal.raise_signal, signal.SIGINT)

        def ended(self, record: RequestRecord) -> None:
            """Nothing to do."""

    async with serving({"hello": Script(((0.0, PIECE), (30.0, PIECE)))}) as server:
        settings = LoadSettings(Target(server.url), Pace(concurrency=1, num_requests=9))
        result = await run_load(settings, SENTENCES, Stopper())
    assert result.interrupted
    assert (len(result.records), result.num_planned) == (1, 9)
    [record] = result.records
    assert (record.code, record.truncated, record.audio_s) == ("interrupted", False, 1.0)
