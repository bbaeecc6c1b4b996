"""Whose turn it is: whoever runs dry first, newcomers where nobody pays for it, and everyone in the end."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.engine.support import (
    NUM_TOKENS,
    WINDOW_SAMPLES,
    Driver,
    FakeVocoder,
    new_listener,
    new_sequence,
    resume,
    with_windows,
)
from tts_core.engine.operations import Decode, Operation, Prefill, Shape, Vocode
from tts_core.engine.policies import LeastHeadroom, Options, Policy, RoundRobin
from tts_core.engine.scheduler import Scheduler
from tts_core.engine.sequence import Listener, Sequence, SequenceStatus

NOW = 100.0
PREFILL_S = 0.5


def waiting(deadline: float = 0.0, listener: Listener | None = None) -> Sequence:
    return new_sequence(SequenceStatus.WAITING, deadline, listener=listener)


def running(deadline: float = 0.0, vocoder: FakeVocoder | None = None) -> Sequence:
    return new_sequence(SequenceStatus.RUNNING, deadline, vocoder)


def voicing(deadline: float = 0.0, window_frames: int = 16, listener: Listener | None = None) -> Sequence:
    """Return a sequence with windows to generate."""
    vocoder = with_windows(window_frames=window_frames)
    return new_sequence(SequenceStatus.DECODED, deadline, vocoder, listener)


def shaping(deadline: float = 0.0) -> Sequence:
    """Return a sequence with latents to compute."""
    return new_sequence(SequenceStatus.DECODED, deadline)


def options(*sequences: Sequence, window_rows: int = 1) -> Options:
    return Options(
        waiting=tuple(one for one in sequences if one.status is SequenceStatus.WAITING),
        running=tuple(one for one in sequences if one.status is SequenceStatus.RUNNING),
        voicing=tuple(one for one in sequences if one.work is not None),
        window_rows=window_rows,
    )


def pick(*sequences: Sequence, window_rows: int = 1) -> Operation | None:
    policy = LeastHeadroom(prefill_s=lambda: PREFILL_S, clock=lambda: NOW)
    return policy.pick(options(*sequences, window_rows=window_rows))


def test_policies_need_no_torch() -> None:
    code = "import sys, tts_core.engine.policies; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Least headroom


def test_nothing_to_do_is_nothing() -> None:
    assert pick() is None
    assert RoundRobin().pick(options()) is None


def test_whoever_runs_dry_first_is_voiced() -> None:
    first, later = voicing(NOW + 1), voicing(NOW + 2)
    assert pick(later, first) == Vocode((first,))
    assert pick(first, later) == Vocode((first,))


def test_latents_are_computed_for_whoever_needs_them_first() -> None:
    first, later = shaping(NOW + 1), voicing(NOW + 2)
    assert pick(later, first) == Shape(first)


def test_a_token_for_whoever_runs_dry_first_takes_all_others_along() -> None:
    first, others = running(NOW + 1), (running(NOW + 3), running(NOW + 9))
    assert pick(others[0], first, voicing(NOW + 2), others[1]) == Decode((others[0], first, others[1]))


def test_what_is_made_already_goes_before_tokens_of_the_same_segment() -> None:
    both = running(NOW + 1, with_windows())
    assert pick(both) == Vocode((both,))


def test_a_newcomer_goes_first_where_nobody_runs_dry_for_it() -> None:
    newcomer = waiting(NOW + 0.2 + PREFILL_S)
    assert pick(running(NOW + 9), voicing(NOW + PREFILL_S), newcomer) == Prefill(newcomer)


def test_whoever_runs_dry_first_of_several_newcomers_is_read() -> None:
    first = waiting(NOW + 1)
    assert pick(waiting(NOW + 2), first) == Prefill(first)


def test_a_newcomer_waits_where_someone_would_run_dry_for_it() -> None:
    endangered = voicing(NOW + PREFILL_S / 2)
    assert pick(waiting(NOW + PREFILL_S), endangered) == Vocode((endangered,))


def test_a_newcomer_who_is_worse_off_does_not_wait() -> None:
    newcomer = waiting(NOW + PREFILL_S / 4)
    assert pick(newcomer, voicing(NOW + PREFILL_S / 2)) == Prefill(newcomer)


def test_a_newcomer_does_not_wait_for_someone_who_is_dry_already() -> None:
    newcomer = waiting(NOW + 1)
    assert pick(newcomer, voicing(NOW - 1), running(NOW - 2)) == Prefill(newcomer)


@pytest.mark.parametrize("deadline", [NOW - 1, NOW + PREFILL_S / 2])
def test_a_segment_ahead_does_not_delay_what_its_own_listener_waits_for(deadline: float) -> None:
    """Were it read first, the first audio of every request of several segments would be that much later."""
    front = voicing(deadline)
    assert pick(waiting(listener=front.listener), front) == Vocode((front,))


def test_a_segment_ahead_does_not_delay_newcomers_either() -> None:
    front, newcomer = voicing(NOW - 1), waiting(NOW + 1)
    assert pick(waiting(listener=front.listener), newcomer, front) == Prefill(newcomer)


def test_a_segment_ahead_is_read_once_others_need_more() -> None:
    front = voicing(NOW + 2 * PREFILL_S)
    ahead = waiting(listener=front.listener)
    assert pick(ahead, front, running(NOW + PREFILL_S)) == Prefill(ahead)


# Windows together


def test_windows_of_one_size_are_generated_together_up_to_a_limit() -> None:
    first = voicing(NOW + 1, 16)
    sequences = (voicing(NOW + 2, 32), voicing(NOW + 3, 16), first, shaping(NOW + 9), voicing(NOW + 4, 16))
    assert pick(*sequences, window_rows=4) == Vocode((first, sequences[1], sequences[4]))
    assert pick(*sequences, window_rows=2) == Vocode((first, sequences[1]))
    assert pick(*sequences, window_rows=1) == Vocode((first,))


# Round robin


def test_kinds_of_work_take_turns() -> None:
    policy, newcomer, runner, voiced = RoundRobin(), waiting(), running(), voicing()
    offered = options(newcomer, runner, voiced)
    cycle = [Prefill(newcomer), Decode((runner,)), Vocode((voiced,))]
    assert [policy.pick(offered) for _ in range(6)] == cycle * 2


def test_a_kind_without_work_is_passed_over() -> None:
    policy, voiced = RoundRobin(), voicing()
    assert [policy.pick(options(voiced)) for _ in range(2)] == [Vocode((voiced,))] * 2


def test_listeners_are_voiced_in_turn() -> None:
    policy, voices = RoundRobin(), (voicing(), voicing(), voicing())
    picked = [policy.pick(options(*voices)) for _ in range(6)]
    assert picked == [Vocode((one,)) for one in voices] * 2


def test_nobody_is_passed_over_because_others_come_and_go() -> None:
    policy, (first, second, third) = RoundRobin(), (voicing(), voicing(), voicing())
    picked = []
    for turn in range(6):  # the second is there at every other turn only
        offered = options(first, second, third) if turn % 2 else options(first, third)
        picked.append(policy.pick(offered))
    assert Vocode((third,)) in picked


# Overload


def produced_after(policy: Policy, num_steps: int, names: str = "abcdefgh") -> list[int]:
    """Return the samples that each listener has after so many steps, all of them wanting more."""
    driver = Driver(Scheduler(len(names), policy), num_windows=6)
    listeners = [new_listener(name, deadline=NOW + index * 0.01) for index, name in enumerate(names)]
    for listener in listeners:
        driver.add(listener, num_segments=1000)
    for _ in range(num_steps):
        while driver.reading:
            driver.read()
        driver.step()
        for listener in listeners:
            resume(listener)  # they take all at once, and their deadlines move on with what was made
    return [listener.num_produced for listener in listeners]


@pytest.mark.parametrize("now", [NOW, NOW + 1e6], ids=["in time", "too late for all"])
def test_in_overload_everyone_gets_the_same(now: float) -> None:
    produced = produced_after(LeastHeadroom(lambda: PREFILL_S, lambda: now), 1500)
    assert min(produced) > 10 * WINDOW_SAMPLES
    assert max(produced) - min(produced) <= 7 * WINDOW_SAMPLES


def test_in_turn_everyone_gets_the_same() -> None:
    produced = produced_after(RoundRobin(), 1500)
    assert min(produced) > 10 * WINDOW_SAMPLES
    assert max(produced) - min(produced) <= 2 * (NUM_TOKENS + 6) * WINDOW_SAMPLES
