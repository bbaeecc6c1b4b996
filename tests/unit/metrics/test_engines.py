"""A replica's figures: what changed since the last look, and nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.metrics import catalogue
from deployments.metrics.engines import EngineFigures
from deployments.metrics.recorder import Ledger
from tts_core.stats import EngineStats, GuardStats, StageStats, StageTally
from tts_core.timeline import Timeline


def stats(audio_s: float = 0.0, **changes: Any) -> EngineStats:
    return EngineStats(num_slots=4, audio_s=audio_s, **changes)


def decoding(*steps: tuple[float, int]) -> dict[str, StageStats]:
    tally = StageTally()
    for took_s, num_rows in steps:
        tally.add(took_s, num_rows)
    return {"decode": tally.stats()}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_steps_are_passed_on_once(ledger: Ledger) -> None:
    figures = EngineFigures(ledger)
    steps = [(0.01, 2), (0.02, 4), (7.0, 4)]
    for num in (1, 3, 3):
        figures.sample({"m": stats(stages=decoding(*steps[:num]))})
    names = {"model": "m", "stage": "decode"}
    assert ledger.value(catalogue.STEP_TIME, **names) == 3
    assert ledger.value(catalogue.STEP_ROWS, **names) == 10
    assert ledger.value(catalogue.BUSY_S, **names) == pytest.approx(7.03)


def test_an_engine_that_was_loaded_anew_starts_over(ledger: Ledger) -> None:
    figures = EngineFigures(ledger)
    for audio_s in (5.0, 9.0, 2.0):
        figures.sample({"m": stats(audio_s)})
    assert ledger.value(catalogue.MADE_S, model="m") == pytest.approx(11.0)


def test_a_model_that_left_has_no_slots(ledger: Ledger) -> None:
    figures = EngineFigures(ledger)
    figures.sample({"m": stats(num_open=3)})
    figures.sample({"other": stats()})
    assert ledger.value(catalogue.SLOTS, model="m") == ledger.value(catalogue.OPEN, model="m") == 0
    assert ledger.value(catalogue.SLOTS, model="other") == 4


def test_flaws_are_counted_by_kind(ledger: Ledger) -> None:
    figures = EngineFigures(ledger)
    figures.sample({"m": stats(guards=GuardStats(num_lost=2, num_runaways=1))})
    assert ledger.value(catalogue.TAKES, model="m", flaw="lost") == 2
    assert ledger.value(catalogue.TAKES, model="m", flaw="loop") == 0


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_wait_is_recorded_once_and_only_where_it_ended(ledger: Ledger, has_begun: bool) -> None:
    figures, timeline = EngineFigures(ledger), Timeline()
    figures.opened("m", timeline)
    figures.sample({"m": stats()})
    if has_begun:
        timeline.begun_s = timeline.opened_s + 1.0
    figures.sample({"m": stats()})
    figures.ended(timeline)
    figures.ended(timeline)
    assert ledger.value(catalogue.QUEUE_WAIT, model="m") == has_begun
    assert not figures._waiting


def test_figures_of_several_engines_add_up() -> None:
    one, other = stats(1.0, stages=decoding((0.1, 2))), stats(2.0, stages=decoding((0.1, 3), (0.2, 1)))
    both = one + other
    assert (both.num_slots, both.audio_s) == (8, 3.0)
    assert (both.stages["decode"].num_steps, both.stages["decode"].num_rows) == (3, 6)
