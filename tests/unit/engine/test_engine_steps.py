"""The engine, step by step: what each does."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from tests.unit.engine.bench import NUM_TOKENS, SHORT, Bench, decode_until, one
from tests.unit.engine.support import fake_stream
from tests.unit.models.gpt_sovits_engine.support import TEXT, request, speak_alone
from tts_core.engine.operations import Decode, Prefill, Shape, Vocode
from tts_core.engine.sequence import SequenceStatus
from tts_core.models.gpt_sovits.loaded_model import LoadedModel


@pytest.fixture
def bench(model: LoadedModel) -> Bench:
    return Bench(model)


# What a step does


def test_with_nobody_here_a_step_does_nothing(bench: Bench) -> None:
    assert not bench.engine.step()
    bench.engine.check_idle()


def test_nothing_is_done_before_the_request_was_read(bench: Bench) -> None:
    bench.add(one())
    assert [sequence.index for sequence in bench.reading] == [0]
    assert not bench.engine.step()
    bench.read()
    assert bench.engine.step()


def test_a_segment_is_read_decoded_shaped_and_generated(bench: Bench, model: LoadedModel) -> None:
    bench.add(one())
    bench.run()
    num_windows = len(bench.kinds) - NUM_TOKENS - 1
    assert bench.kinds == [Prefill, *[Decode] * (NUM_TOKENS - 1), Shape, *[Vocode] * num_windows]
    assert bench.heard().is_over
    assert bench.heard().pcm == speak_alone(model, one())
    assert sum(bench.diary.audio_s) == pytest.approx(len(bench.heard().pcm) / 2 / 32000)


def test_each_window_is_heard_as_soon_as_it_is_made(bench: Bench) -> None:
    bench.add(one())
    lengths = []
    while bench.step():
        if bench.kinds[-1] is Vocode:
            lengths.append(len(bench.heard().pcm))
    assert len(lengths) > 1
    assert lengths == sorted(set(lengths))


def test_the_second_segment_is_asked_for_once_the_first_is_decoded(bench: Bench) -> None:
    bench.add(request(sampling=SHORT))
    bench.read()
    bench.engine.step()
    assert [sequence.index for sequence in bench.reading] == [1]


def test_the_slot_is_free_and_poisoned_after_the_last_token(bench: Bench) -> None:
    bench.add(one())
    for _ in range(NUM_TOKENS):
        bench.step()
    assert bench.kinds[-1] is Decode
    assert bench.scheduler.num_running == 0
    assert bench.runner.cache.keys[:, 0, :, 1:].isnan().all()


def test_all_who_are_running_share_each_step(bench: Bench, model: LoadedModel) -> None:
    for name in "abc":
        bench.add(one(name))
    bench.run()
    assert bench.kinds.count(Decode) == NUM_TOKENS - 1
    assert {bench.heard(name).pcm for name in "abc"} == {speak_alone(model, one())}


def test_segments_are_heard_in_order_with_pauses(bench: Bench, model: LoadedModel) -> None:
    wanted = request(*TEXT * 2, sampling=SHORT)
    bench.add(wanted)
    bench.run()
    assert bench.heard().pcm == speak_alone(model, wanted)


def test_a_listener_without_room_is_left_alone_until_there_is_some(bench: Bench, model: LoadedModel) -> None:
    wanted = request(*TEXT * 2, sampling=SHORT)
    listener, heard = bench.add(wanted, max_lead_samples=1), [b""]
    while bench.step():
        while bench.step():
            pass
        assert len(bench.heard().pcm) > len(heard[-1])
        heard.append(bench.heard().pcm)
        fake_stream(listener).num_delivered = listener.num_produced
    assert len(heard) > 4
    assert heard[-1] == speak_alone(model, wanted)


# Leaving


@pytest.mark.parametrize("num_steps", [0, 1, 5, NUM_TOKENS, NUM_TOKENS + 2])
def test_whoever_leaves_is_gone_whatever_was_being_done(num_steps: int, bench: Bench) -> None:
    listener = bench.add(request(sampling=SHORT))
    for _ in range(num_steps):
        bench.step()
    bench.engine.remove(listener)
    bench.engine.remove(listener)
    bench.run()
    assert bench.scheduler.num_running == 0
    assert bench.runner.cache.keys[:, 0, :, 1:].isnan().all()
    assert not any(heard.is_over or heard.error for heard in bench.ears.heard.values())


def test_what_was_prepared_for_someone_who_left_is_dropped(bench: Bench, model: LoadedModel) -> None:
    bench.engine.remove(bench.add(one()))
    bench.add(one())
    assert bench.read().status is SequenceStatus.DROPPED
    assert not bench.engine.step()
    bench.run()
    assert bench.heard().pcm == speak_alone(model, one())


# Books


def test_a_lost_slot_is_noticed_when_everyone_is_gone(bench: Bench) -> None:
    bench.add(one())
    with patch.object(bench.scheduler, "free", lambda sequence: None):
        while bench.step():
            pass
    assert bench.heard().is_over
    with pytest.raises(RuntimeError, match=r"slots \[0\] are taken, and \[\] are anyone's"):
        bench.engine.check_idle()


def test_a_lost_slot_is_noticed_beside_someone_who_stalls(bench: Bench) -> None:
    """Who stalls may stay for hours, and would hide it as long."""
    listener = bench.add(one())
    decode_until(bench, 1)
    bench.engine.check_idle()
    assert listener.sequences[0].status is SequenceStatus.RUNNING
    bench.add(one("gone"))
    decode_until(bench, 2)
    with patch.object(bench.scheduler, "free", lambda sequence: None):
        bench.engine.remove(bench.scheduler.listeners[1])
    with pytest.raises(RuntimeError, match=r"slots \[0, 1\] are taken, and \[0\] are anyone's"):
        bench.engine.check_idle()
