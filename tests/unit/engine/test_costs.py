"""What operations cost: learnt from those that ran, and what pace follows for listeners."""

from __future__ import annotations

import math

import pytest

from tests.unit.engine.support import new_sequence
from tts_core.engine.costs import TOKENS_PER_S, Costs, Mean
from tts_core.engine.operations import Decode, Park, Prefill, Restore, Shape, Vocode
from tts_core.engine.sequence import SequenceStatus

SEGMENT_S = 4.0


def decode(num_rows: int) -> Decode:
    return Decode(tuple(new_sequence(SequenceStatus.RUNNING) for _ in range(num_rows)))


def costs_of(**decode_s: float) -> Costs:
    """Return costs where a step over so many rows (`r4`) takes so long."""
    costs = Costs(num_slots=16)
    for rows, took_s in decode_s.items():
        costs.observe(decode(int(rows[1:])), took_s)
    return costs


def test_a_mean_starts_with_the_first_value_and_follows_slowly() -> None:
    mean = Mean()
    assert not mean.is_known
    mean.add(3.0)
    assert mean.value == 3.0
    mean.add(4.0)
    assert mean.value == pytest.approx(3.1)
    for _ in range(100):
        mean.add(5.0)
    assert mean.value == pytest.approx(5.0, abs=0.01)


def test_prompts_are_averaged() -> None:
    costs = Costs(4)
    for took_s in (0.2, 0.2, 0.3):
        costs.observe(Prefill(new_sequence(SequenceStatus.WAITING)), took_s)
    assert costs.prefill_s == pytest.approx(0.21)


def test_audio_costs_its_latents_and_its_windows() -> None:
    costs, sequence = Costs(4), new_sequence(SequenceStatus.DECODED)
    assert costs.voice_s == 0.0
    costs.observe(Shape(sequence), 0.1)
    assert costs.voice_s == 0.0
    costs.observe(Vocode((sequence,)), 0.3, audio_s=2.0)
    assert costs.voice_s == pytest.approx(0.2, rel=0.01)


def test_audio_of_long_ago_counts_for_little() -> None:
    costs, sequence = Costs(4), new_sequence(SequenceStatus.DECODED)
    for took_s in (9.0, *[0.1] * 1000):
        costs.observe(Vocode((sequence,)), took_s, audio_s=1.0)
    assert costs.voice_s == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize(
    ("num_rows", "expected_s"), [(1, 0.02), (2, 0.02), (3, 0.03), (4, 0.04), (6, 0.06), (8, 0.08), (16, 0.08)]
)
def test_a_step_of_other_sizes_is_reckoned_from_the_nearest(num_rows: int, expected_s: float) -> None:
    costs = costs_of(r2=0.02, r4=0.04, r8=0.08)
    assert costs.decode_s(num_rows) == pytest.approx(expected_s)


def test_what_never_ran_costs_nothing_yet() -> None:
    costs = Costs(4)
    assert (costs.prefill_s, costs.decode_s(3), costs.voice_s) == (0.0, 0.0, 0.0)
    assert math.isinf(costs.pace(4))


def test_the_pace_counts_steps_once_and_prompts_and_audio_for_each() -> None:
    costs, sequence = costs_of(r4=0.01), new_sequence(SequenceStatus.DECODED)
    costs.observe(Prefill(sequence), 0.4)
    costs.observe(Vocode((sequence,)), 0.05, audio_s=1.0)
    busy_s = TOKENS_PER_S * 0.01 + 4 * (0.05 + 0.4 / SEGMENT_S)
    assert costs.pace(4) == pytest.approx(1 / busy_s)
    assert costs.pace(8) < costs.pace(4)


def test_more_listeners_than_slots_take_turns_in_them() -> None:
    costs, sequence = Costs(num_slots=4), new_sequence(SequenceStatus.DECODED)
    costs.observe(decode(4), 0.01)
    costs.observe(Vocode((sequence,)), 0.05, audio_s=1.0)
    assert costs.pace(4) == pytest.approx(1 / (TOKENS_PER_S * 0.01 + 4 * 0.05))
    assert costs.pace(6) == pytest.approx(1 / (TOKENS_PER_S * 0.01 * 1.5 + 6 * 0.05))


@pytest.mark.parametrize("operation", [Park, Restore])
def test_lending_a_slot_is_neither_audio_nor_a_prompt(operation: type[Park | Restore]) -> None:
    costs = costs_of(r2=0.02)
    costs.observe(operation(new_sequence(SequenceStatus.PARKED)), 9.0)
    assert (costs.voice_s, costs.prefill_s, costs.decode_s(1)) == (0.0, 0.0, 0.02)
    assert costs.stages()[operation.__name__.lower()].num_steps == 1
