"""A soak in small: slices against a scripted server, and what is made of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.load.corpus import Sentence
from benchmarks.load.settings import LoadSettings, Pace, Target
from benchmarks.soak.run import Slice, room_left, soak
from benchmarks.soak.verdict import verdict
from tests.unit.benchmarks.encoding import tone
from tests.unit.benchmarks.fake_server import Script, serving

SPEECH = tone(0.5)
HELLO = [Sentence("hello", "en")]
USUAL = Slice(0.0, {}, 0.5, 1.0, 4.0, 0, {7: 1000.0, 8: 1000.0})


def slices(*mib: float, p95: tuple[float, ...] = ()) -> list[Slice]:
    """Return slices of one replica that holds so much, the warm-up before them."""
    later = [replace(USUAL, replicas_mib={7: one}) for one in mib]
    later = [replace(one, first_audio_p95_s=p95[at]) if p95 else one for at, one in enumerate(later)]
    return [replace(USUAL, replicas_mib={7: 500.0}), *later]


async def test_a_run_goes_on_for_its_time_and_every_slice_is_told() -> None:
    told: list[Slice] = []
    async with serving({"hello": Script(((0.0, SPEECH),))}) as server:
        settings = LoadSettings(Target(server.url), Pace(concurrency=2, num_requests=4))
        result = await soak(settings, HELLO, minutes=0.4 / 60, tell=told.append)

        assert result == told
        assert len(server.bodies) == 4 * len(told) > 4
        assert result[-1].at_s >= 0.3
        assert all(one.errors == {} and one.audio_s_per_s > 0 for one in result)


async def test_a_slot_that_is_lost_is_missed_at_the_end() -> None:
    async with serving({"hello": Script(((0.0, SPEECH),)), "full": Script(status=429)}) as server:
        settings = LoadSettings(Target(server.url), Pace(concurrency=2, num_requests=4))

        assert await room_left(settings, HELLO, slots=3) == 3
        assert await room_left(settings, [Sentence("full", "en")], slots=3) == 0


def test_the_warm_up_does_not_count_and_one_odd_slice_neither() -> None:
    shown = verdict(slices(1000, 1300, 1000, 1000, 1000, 1000, 1010, 1010, 700), slots=8, served=8)

    assert shown["memory growth by replica"] == {7: 0.01}


def test_what_grows_is_seen() -> None:
    shown = verdict(slices(1000, 1050, 1100, p95=(1.0, 1.5, 2.5)), slots=8, served=7)

    assert shown["memory growth by replica"] == {7: 0.1}
    assert (shown["first audio p95, first third"], shown["first audio p95, last third"]) == (1.0, 2.5)
    assert (shown["slots"], shown["streams served at once afterwards"]) == (8, 7)


def test_a_replica_that_was_replaced_has_no_growth() -> None:
    other = replace(USUAL, replicas_mib={9: 900.0}, errors={"http_500": 2}, hung_up=1)

    shown = verdict([*slices(1000, 1000), other], slots=8, served=8)

    assert shown["memory growth by replica"] == {7: None, 9: None}
    assert (shown["errors"], shown["hung up"]) == (2, 1)


def test_too_short_a_run_says_so() -> None:
    with pytest.raises(ValueError, match="3 slices are too few"):
        verdict(slices(1000, 1000), slots=8, served=8)
