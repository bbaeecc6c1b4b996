"""The engine with fewer slots than listeners: everyone hears what they would hear alone."""

from __future__ import annotations

import random
from typing import Any
from unittest.mock import patch

import pytest

from tests.unit.engine.bench import Bench
from tests.unit.engine.crowd import distinct_requests
from tests.unit.engine.support import fake_stream
from tests.unit.models.gpt_sovits_engine.support import TEXT, broken, request, speak_alone
from tts_core.engine.operations import Decode, Park, Prefill, Restore
from tts_core.engine.policies import LeastHeadroom, Policy, RoundRobin
from tts_core.engine.sequence import Listener, Sequence, SequenceStatus
from tts_core.errors import SegmentFailed
from tts_core.models.gpt_sovits.faults import EngineFault
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.sampling_params import SamplingParams

SHORT = SamplingParams(ignore_eos=True, max_tokens=40)
LEAD_SAMPLES = 32000
CUDA_FAULT = RuntimeError("CUDA error: device-side assert triggered")
BROKEN = ValueError("broken on purpose")


def one(request_id: str = "r", **changes: Any) -> Any:
    return request(TEXT[0], request_id=request_id, **({"sampling": SHORT} | changes))


def new_bench(
    model: LoadedModel, num_slots: int = 1, num_shelves: int = 3, policy: Policy | None = None
) -> Bench:
    return Bench(model, num_slots, policy=policy, num_shelves=num_shelves)


def stall(listener: Listener) -> None:
    """Let what was made be on its way for ever, until `resume`."""
    fake_stream(listener).num_delivered = -LEAD_SAMPLES


def resume(listener: Listener) -> None:
    fake_stream(listener).num_delivered = listener.num_produced


def decoding(bench: Bench, request_id: str = "r", num_codes: int = 5) -> Sequence:
    """Let someone in, and return their first segment when it has so many tokens."""
    listener = bench.add(one(request_id), LEAD_SAMPLES)
    bench.read()
    sequence = listener.sequences[0]
    while len(sequence.codes) < num_codes:
        assert bench.step()
    return sequence


def park(bench: Bench) -> Sequence:
    """Return a sequence that was parked for "other", who is being served."""
    sequence = decoding(bench)
    stall(sequence.listener)
    bench.add(one("other"))
    while sequence.status is not SequenceStatus.PARKED:
        assert bench.step()
    return sequence


def is_clean(bench: Bench) -> bool:
    """Whether nothing of anyone is left anywhere."""
    cache, shelves = bench.runner.cache, bench.runner.shelves
    slots = all(bool(store[..., 1:, :].isnan().all()) for store in (cache.keys, cache.values))
    used = shelves._store[shelves._store.flatten(1).any(dim=1)]
    return slots and bool(used.isnan().all())


# One who is parked


def test_whoever_was_parked_hears_what_they_would_have_heard(model: LoadedModel) -> None:
    bench = new_bench(model)
    parked = park(bench)
    bench.run()
    assert bench.heard("other").pcm == speak_alone(model, one())
    resume(parked.listener)
    bench.run()
    assert bench.heard().pcm == speak_alone(model, one())
    assert [bench.kinds.count(kind) for kind in (Prefill, Park, Restore)] == [2, 1, 1]
    assert bench.kinds.count(Decode) == 2 * (SHORT.max_tokens - 1)
    assert is_clean(bench)


def test_nothing_of_them_stays_in_the_slot_that_they_lent(model: LoadedModel) -> None:
    bench = new_bench(model)
    sequence = decoding(bench)
    stall(sequence.listener)
    bench.add(one("other"))
    bench.step()
    assert bench.kinds[-1] is Park
    assert bench.runner.cache.keys[..., 1:, :].isnan().all()


@pytest.mark.parametrize("is_served", [False, True])
def test_whoever_leaves_while_parked_leaves_nothing(model: LoadedModel, is_served: bool) -> None:
    bench = new_bench(model)
    parked = park(bench)
    if is_served:
        bench.run()
    bench.engine.remove(parked.listener)
    bench.engine.remove(parked.listener)
    bench.run()
    assert bench.heard("other").pcm == speak_alone(model, one())
    assert (bench.scheduler.num_running, bench.scheduler.num_parked) == (0, 0)
    assert is_clean(bench)


def test_the_costs_of_lending_are_told(model: LoadedModel) -> None:
    bench = new_bench(model)
    parked = park(bench)
    bench.run()
    resume(parked.listener)
    bench.run()
    stages = bench.diary.stages()
    assert (stages["park"].num_steps, stages["restore"].num_steps) == (1, 1)
    assert {"park", "restore"} <= set(parked.listener.timeline.stages)


# Failures


@pytest.mark.parametrize(
    ("method", "where"), [("park", "giving up its slot"), ("restore", "coming back to a slot")]
)
def test_a_copy_that_fails_fails_whose_it_is(model: LoadedModel, method: str, where: str) -> None:
    bench = new_bench(model)
    with broken(bench.runner, method, BROKEN):
        sequence = decoding(bench)
        stall(sequence.listener)
        bench.add(one("other"))
        bench.run()
        resume(sequence.listener)
        bench.run()
    error = bench.heard().error
    assert isinstance(error, SegmentFailed)
    assert f"{where} of segment 0 failed: ValueError: broken on purpose" in error.message
    assert bench.heard("other").pcm == speak_alone(model, one())
    assert (bench.scheduler.num_running, bench.scheduler.num_parked) == (0, 0)
    assert is_clean(bench)


@pytest.mark.parametrize(
    ("method", "where"), [("park", "giving up its slot"), ("restore", "coming back to a slot")]
)
def test_a_device_fault_in_a_copy_ends_everything(model: LoadedModel, method: str, where: str) -> None:
    bench = new_bench(model)
    sequence = decoding(bench)
    stall(sequence.listener)
    bench.add(one("other"))
    if method == "restore":
        bench.run()
        resume(sequence.listener)
    with (
        broken(bench.runner, method, CUDA_FAULT),
        pytest.raises(EngineFault, match=f"^{where} of segment 0 of request 'r' failed: RuntimeError: CUDA"),
    ):
        bench.run()


def test_a_failure_of_others_while_parked_does_not_matter(model: LoadedModel) -> None:
    bench = new_bench(model)
    parked = park(bench)
    with broken(model.t2s, "decode_step", BROKEN):
        bench.run()
    assert isinstance(bench.heard("other").error, SegmentFailed)
    resume(parked.listener)
    bench.run()
    assert bench.heard().pcm == speak_alone(model, one())


def test_audio_that_fails_while_parked_frees_the_shelf(model: LoadedModel) -> None:
    bench = new_bench(model)
    listener = bench.add(one(low_latency=True), LEAD_SAMPLES)
    bench.read()
    sequence = listener.sequences[0]
    while sequence.work is None:
        bench.step()
    stall(listener)
    bench.add(one("other"))
    bench.step()
    assert sequence.status is SequenceStatus.PARKED
    resume(listener)
    with broken(model.sovits, "prior", BROKEN):
        while "r" not in bench.ears.heard:
            assert bench.step()
    assert isinstance(bench.heard().error, SegmentFailed)
    assert bench.scheduler.num_parked == 0
    bench.run()
    assert bench.heard("other").pcm == speak_alone(model, one())
    assert is_clean(bench)


def test_a_segment_ahead_that_fails_gives_everything_back_before_its_turn_has_come(
    model: LoadedModel,
) -> None:
    bench = new_bench(model, policy=RoundRobin())
    listener = bench.add(request(*TEXT, sampling=SHORT), LEAD_SAMPLES)
    bench.read()
    while len(listener.sequences) < 2 or listener.sequences[1].status is not SequenceStatus.RUNNING:
        assert bench.step()
    front, ahead = listener.sequences
    stall(listener)
    other = bench.add(one("other"))
    while ahead.status is not SequenceStatus.PARKED or bench.scheduler.num_running == 0:
        assert bench.step()
    fake_stream(other).num_delivered = -(10**9)  # they stall
    resume(listener)
    with broken(bench.runner, "restore", BROKEN):
        while ahead.error is None:
            assert bench.step()
    assert listener.sequences[0] is front
    assert (bench.scheduler.num_running, bench.scheduler.num_parked) == (0, 1)  # the other one's
    bench.run()
    assert isinstance(bench.heard().error, SegmentFailed)


def test_a_shelf_that_is_lost_is_noticed(model: LoadedModel) -> None:
    bench = new_bench(model)
    parked = park(bench)
    with patch.object(bench.scheduler, "free_shelf", lambda sequence: None):
        bench.engine.remove(parked.listener)
        with pytest.raises(RuntimeError, match=r"shelves \[0\] are taken, and \[\] are anyone's"):
            bench.run()


# Many


class Whims:
    """Listeners who stall, resume and leave by chance, one of them before every step."""

    def __init__(self, bench: Bench, listeners: list[Listener], chance: random.Random) -> None:
        self._bench, self._listeners, self._chance = bench, listeners, chance
        self.left: set[str] = set()

    def run(self) -> None:
        """Step until everyone has left or heard all, whatever they do."""
        while here := [one for one in self._listeners if self._bench.scheduler.knows(one)]:
            listener, whim = self._chance.choice(here), self._chance.random()
            if whim < 0.35:
                stall(listener)
            elif whim < 0.98:
                resume(listener)
            elif len(self.left) < 3:
                self.left.add(listener.request_id)
                self._bench.engine.remove(listener)
            self._bench.step()
        self._bench.run()


@pytest.mark.parametrize("policy", [LeastHeadroom, RoundRobin])
@pytest.mark.parametrize("num_slots", [1, 3])
def test_everyone_hears_what_they_would_hear_alone_whoever_lends_to_whom(
    num_slots: int, policy: type[Policy], model: LoadedModel
) -> None:
    wanted = [one for one in distinct_requests(16) if (one.language or "en") == "en"]
    bench = new_bench(model, num_slots, len(wanted), policy())
    whims = Whims(bench, [bench.add(one, LEAD_SAMPLES) for one in wanted], random.Random(num_slots))
    whims.run()
    assert bench.kinds.count(Park) > 10
    assert 0 < len(whims.left) < len(wanted) // 2
    for listener in wanted:
        heard, alone = bench.ears.heard.get(listener.request_id), speak_alone(model, listener)
        if listener.request_id in whims.left:
            assert heard is None or alone.startswith(heard.pcm)
        else:
            assert bench.heard(listener.request_id).pcm == alone
    assert is_clean(bench)
