"""Lost, repeated and runaway speech in the engine: said again or cut, as it is without any engine."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from tests.unit.engine.bench import Bench
from tests.unit.engine.crowd import TEXTS, Crowd, Ending, Saboteur
from tests.unit.engine.test_isolation import LIMITS, is_different
from tests.unit.engine.wayward import GOOD_TOKENS, Course, seed_whose, speak_wayward, wayward
from tests.unit.models.gpt_sovits_engine.support import (
    SAMPLES_PER_TOKEN,
    TEXT,
    broken,
    hear,
    new_engine,
    request,
    speak_again,
)
from tts_core.engine.assembly import SecondCoreUse
from tts_core.engine.operations import Decode, Prefill
from tts_core.engine.sequence import Listener, SequenceStatus
from tts_core.errors import EnginePoisoned, SegmentFailed
from tts_core.models.gpt_sovits.decoding import TokenDecoder
from tts_core.models.gpt_sovits.guards import MAX_RETRIES, Flaw, Verdict
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.request import SynthesisRequest
from tts_core.sampling_params import MIN_TOKENS, SamplingParams

MANY_SLOTS = 6
UNGUARDED = SamplingParams(guard=False)
FLAWS = {Course.STOPS: Flaw.LOST, Course.LOOPS: Flaw.LOOP, Course.RUNS_ON: Flaw.RUNAWAY}


@pytest.fixture(autouse=True)
def one_thread_is_enough(one_thread: None) -> None:
    """As the engine has it."""


def new_bench(model: LoadedModel, num_slots: int = 2) -> Bench:
    """Return a bench where a segment may be as long as any."""
    return Bench(model, num_slots, max_len=1792)


@pytest.fixture
def bench(model: LoadedModel) -> Bench:
    return new_bench(model)


def one(seed: int = 0, **changes: Any) -> SynthesisRequest:
    """Return a request of one segment that may go wrong."""
    values: dict[str, Any] = {"request_id": str(seed), "seed": seed, "sampling": None}
    return request(TEXT[0], **values | changes)


@contextmanager
def noted(bench: Bench) -> Iterator[dict[str, list[int]]]:
    """Note the tokens that are spoken of each request in the end."""
    spoken, original = dict[str, list[int]](), bench.ears.on_take

    def on_take(listener: Listener, index: int, verdict: Verdict) -> None:
        original(listener, index, verdict)
        if verdict.codes is not None:
            spoken[listener.request_id] = verdict.codes

    with patch.object(bench.ears, "on_take", on_take):
        yield spoken


def said_at_once(model: LoadedModel, wanted: SynthesisRequest, codes: list[int]) -> bytes:
    """Return the audio of tokens that came without any trouble."""
    with patch.object(TokenDecoder, "decode", lambda *_: (code for code in codes)):
        return speak_again(model, replace(wanted, sampling=UNGUARDED))


@pytest.fixture
def wild(model: LoadedModel) -> Iterator[None]:
    with wayward(model):
        yield


# Alone and together

_SEEDS = (1, 2, 3, 4, 5, 6, 8, 10)  # every flaw among them, and ends at the first two tokens that may be one


@pytest.mark.usefixtures("wild")
@pytest.mark.parametrize("low_latency", [False, True])
def test_all_who_go_wrong_together_sound_as_they_do_alone(low_latency: bool, model: LoadedModel) -> None:
    """A segment of theirs is said up to three times, in whichever slot is free, beside whoever is there."""
    bench = new_bench(model, MANY_SLOTS)
    wanted = [one(seed, low_latency=low_latency, speed=(1.0, 0.8, 1.4)[seed % 3]) for seed in _SEEDS]
    with noted(bench) as spoken:
        for some in (wanted[:MANY_SLOTS], wanted[MANY_SLOTS:]):
            for each in some:
                bench.add(each)
            bench.run()
    flaws = Counter(verdict.flaw for verdict in bench.ears.verdicts)
    assert set(flaws) == {None, *Flaw}
    # Some end in the moment in which their audio leaves, others just before.
    lost = {verdict.num_tokens for verdict in bench.ears.verdicts if verdict.flaw is Flaw.LOST}
    assert {MIN_TOKENS, MIN_TOKENS + 1} <= lost
    assert all(bench.runner.cache.keys[:, slot, :, 1:].isnan().all() for slot in range(MANY_SLOTS))
    for each in wanted:
        heard = bench.heard(each.request_id).pcm
        assert heard == speak_wayward(model, each)
        # Nobody hears anything of a take that was dropped.
        assert heard == said_at_once(model, each, spoken[each.request_id])


@pytest.mark.usefixtures("wild")
@pytest.mark.parametrize("low_latency", [False, True])
def test_a_listener_who_goes_on_elsewhere_hears_the_same_takes(low_latency: bool, model: LoadedModel) -> None:
    for seed in (1, 3, 4):  # a runaway, one lost to the last retry, and one that speaks
        wanted = request(*TEXT, seed=seed, sampling=None, low_latency=low_latency)
        rest = request(*TEXT, seed=seed, sampling=None, low_latency=low_latency, first_segment=1)
        bench = new_bench(model)
        bench.add(rest)
        bench.run()
        assert bench.heard().pcm == speak_wayward(model, rest)
        assert speak_wayward(model, wanted).endswith(bench.heard().pcm)


_SOME_TEXTS = [TEXTS["en"][:2], TEXTS["en"][2:], TEXTS["en"][:1]]
_WANTED = [
    request(*_SOME_TEXTS[seed % 3], request_id=str(seed), seed=seed, sampling=None, low_latency=seed % 2 == 1)
    for seed in range(16)
]


@pytest.fixture(scope="module")
def oracle(model: LoadedModel) -> dict[str, bytes]:
    """What each request is alone, gone wrong as it may."""
    return {each.request_id: speak_wayward(model, each) for each in _WANTED}


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("wild")
@pytest.mark.parametrize("second_core", ["alone", "always"])
async def test_no_mishap_of_others_changes_what_anyone_hears(
    model: LoadedModel, oracle: dict[str, bytes], second_core: SecondCoreUse
) -> None:
    """Listeners of all manners, failures now and then, and every other segment said more than once."""
    chance = random.Random(5)
    engine = new_engine(model, LIMITS, num_slots=MANY_SLOTS, second_core=second_core, num_spare_cores=0)
    await engine.start()
    saboteur = Saboteur(model, random.Random(6), lambda: engine.stats().num_finished, 2 * MANY_SLOTS)
    with saboteur.at_work():
        outcomes = await Crowd(engine, _WANTED, chance, MANY_SLOTS + 2).listen(32)
    assert [each for each in outcomes if is_different(each, oracle[each.name])] == []
    assert Counter(each.ending for each in outcomes)[Ending.COMPLETE] > 10
    guards = engine.stats().guards
    assert (
        min(guards.num_lost, guards.num_loops, guards.num_runaways, guards.num_retries, guards.num_kept) > 0
    )
    await engine.stop()


# A segment that is said again


@pytest.mark.parametrize("course", FLAWS)
def test_a_flawed_take_is_said_again_and_nobody_hears_it(
    course: Course, bench: Bench, model: LoadedModel
) -> None:
    with wayward(model):
        seed = seed_whose(model, course, Course.SPEAKS)
        bench.add(one(seed))
        bench.run()
    assert [verdict.flaw for verdict in bench.ears.verdicts] == [FLAWS[course], None]
    assert bench.kinds.count(Prefill) == 2
    assert len(bench.heard(str(seed)).pcm) == 2 * GOOD_TOKENS * SAMPLES_PER_TOKEN


@pytest.mark.usefixtures("wild")
def test_a_take_that_never_ends_is_broken_off(bench: Bench, model: LoadedModel) -> None:
    """A loop after two seconds, and anything else long before the most that a segment may have."""
    loops, runs_on = seed_whose(model, Course.LOOPS), seed_whose(model, Course.RUNS_ON)
    for seed in (loops, runs_on):
        bench.add(one(seed))
    bench.run()
    for verdict in bench.ears.verdicts:
        assert verdict.num_tokens < (110 if verdict.flaw is Flaw.LOOP else 250)


@pytest.mark.usefixtures("wild")
def test_a_take_that_went_well_is_what_it_is_unguarded(model: LoadedModel) -> None:
    seed = seed_whose(model, Course.SPEAKS)
    assert speak_wayward(model, one(seed)) == speak_wayward(model, one(seed, sampling=UNGUARDED))


@pytest.mark.parametrize("course", FLAWS)
def test_what_goes_wrong_every_time_is_spoken_after_the_last_retry(
    course: Course, bench: Bench, model: LoadedModel
) -> None:
    with wayward(model, {course: 1.0}):
        bench.add(one())
        bench.run()
        alone = speak_wayward(model, one(), {course: 1.0})
    assert [verdict.flaw for verdict in bench.ears.verdicts] == [FLAWS[course]] * (1 + MAX_RETRIES)
    assert bench.kinds.count(Prefill) == 1 + MAX_RETRIES
    assert bench.heard("0").is_over
    assert bench.heard("0").pcm == alone != b""


def test_what_ends_at_once_is_left_as_it_is_where_that_is_asked_for(bench: Bench, model: LoadedModel) -> None:
    wanted = one(sampling=UNGUARDED)
    with wayward(model, {Course.STOPS: 1.0}):
        bench.add(wanted)
        bench.run()
        assert bench.heard("0").pcm == speak_wayward(model, wanted, {Course.STOPS: 1.0})
    assert bench.ears.verdicts == []
    assert len(bench.heard("0").pcm) // 2 == MIN_TOKENS * SAMPLES_PER_TOKEN


@pytest.mark.parametrize("course", [Course.LOOPS, Course.RUNS_ON])
def test_what_never_ends_fills_its_room_where_that_is_asked_for(course: Course, model: LoadedModel) -> None:
    bench = Bench(model, num_slots=1, max_len=820)
    with wayward(model, {course: 1.0}):
        bench.add(one(sampling=UNGUARDED))
        bench.run()
    assert bench.ears.verdicts == []
    assert len(bench.heard("0").pcm) // 2 > 700 * SAMPLES_PER_TOKEN


def test_others_go_on_while_a_segment_is_said_again(bench: Bench, model: LoadedModel) -> None:
    with wayward(model):
        stops, speaks = seed_whose(model, Course.STOPS), seed_whose(model, Course.SPEAKS)
        for seed in (stops, speaks):
            bench.add(one(seed))
        bench.run()
        assert bench.heard(str(speaks)).pcm == speak_wayward(model, one(speaks))
    # No step of the other's was done twice: as many as the longest of all takes together.
    tokens = sum(verdict.num_tokens for verdict in bench.ears.verdicts)
    assert bench.kinds.count(Decode) < tokens


# Where audio leaves early


@pytest.mark.usefixtures("wild")
def test_an_end_at_once_is_noticed_before_any_audio_leaves(bench: Bench, model: LoadedModel) -> None:
    seed = seed_whose(model, Course.STOPS, Course.SPEAKS)
    wanted = one(seed, low_latency=True)
    bench.add(wanted)
    bench.run()
    assert [verdict.flaw for verdict in bench.ears.verdicts] == [Flaw.LOST, None]
    assert bench.heard(wanted.request_id).pcm == speak_wayward(model, wanted)


@pytest.mark.parametrize(("course", "most"), [(Course.LOOPS, 70), (Course.RUNS_ON, 250)])
def test_speech_that_has_left_is_ended_and_not_said_again(
    course: Course, most: int, bench: Bench, model: LoadedModel
) -> None:
    wanted = one(low_latency=True)
    with wayward(model, {course: 1.0}):
        bench.add(wanted)
        bench.run()
        assert bench.heard("0").pcm == speak_wayward(model, wanted, {course: 1.0})
    assert [verdict.flaw for verdict in bench.ears.verdicts] == [FLAWS[course]]
    assert len(bench.heard("0").pcm) // 2 < most * SAMPLES_PER_TOKEN


# Leaving and failing


@pytest.mark.usefixtures("wild")
@pytest.mark.parametrize("num_steps", [10, 11, 12, 13, 14, 24])
def test_whoever_leaves_between_takes_is_gone(num_steps: int, bench: Bench, model: LoadedModel) -> None:
    seed = seed_whose(model, Course.STOPS, Course.STOPS)
    listener = bench.add(one(seed))
    for _ in range(num_steps):
        bench.step()
    bench.engine.remove(listener)
    bench.run()
    assert bench.scheduler.num_running == 0
    assert bench.runner.cache.keys[:, 0, :, 1:].isnan().all()


@pytest.mark.usefixtures("wild")
def test_a_take_that_fails_ends_the_request(bench: Bench, model: LoadedModel) -> None:
    seed = seed_whose(model, Course.STOPS)
    with broken(model.t2s, "prefill", ValueError("broken on purpose"), after=1):
        bench.add(one(seed))
        bench.run()
    assert isinstance(bench.heard(str(seed)).error, SegmentFailed)
    assert bench.scheduler.num_running == 0


async def test_a_device_fault_in_a_take_that_is_said_again_is_told_to_everyone(model: LoadedModel) -> None:
    engine = new_engine(model)
    await engine.start()
    fault = RuntimeError("CUDA error: device-side assert triggered")
    with (
        wayward(model, {Course.STOPS: 1.0}),
        broken(model.t2s, "prefill", fault, after=1),
        pytest.raises(EnginePoisoned, match="reading the prompt of segment 0"),
    ):
        await hear(engine.generate(one()))
    assert engine.stats().num_open == 0
    assert engine.stats().guards.num_retries == 1
    await engine.stop()


async def test_whoever_leaves_while_their_retry_waits_for_a_slot_leaves_nothing(model: LoadedModel) -> None:
    """Between two takes their slot is anyone's."""
    bench = new_bench(model, num_slots=1)
    with wayward(model):
        stops, speaks = seed_whose(model, Course.STOPS, Course.SPEAKS), seed_whose(model, Course.SPEAKS)
        leaving = bench.add(one(stops))
        while not bench.ears.verdicts:
            bench.step()
        bench.add(one(speaks))
        assert leaving.sequences[0].status is SequenceStatus.WAITING
        bench.engine.remove(leaving)
        bench.run()
        assert bench.heard(str(speaks)).pcm == speak_wayward(model, one(speaks))
    assert str(stops) not in bench.ears.heard


# Figures


async def test_takes_are_counted_and_logged(model: LoadedModel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tts_core.models.gpt_sovits.guards")
    engine = new_engine(model)
    await engine.start()
    with wayward(model, {Course.STOPS: 1.0}):
        await hear(engine.generate(one(request_id="short")))
    with wayward(model, {Course.SPEAKS: 1.0}):
        await asyncio.gather(*(hear(engine.generate(one(seed))) for seed in range(3)))
    guards = engine.stats().guards
    await engine.stop()
    assert (guards.num_segments, guards.num_lost, guards.num_retries, guards.num_kept) == (4, 3, 2, 1)
    assert (guards.num_loops, guards.num_runaways) == (0, 0)
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO", "WARNING"]
    assert all("'short'" in message for message in caplog.messages)
