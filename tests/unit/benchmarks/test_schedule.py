from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path
from statistics import mean, stdev

import pytest

from benchmarks.load.corpus import DEFAULT_SENTENCES, pick_sentences, read_sentences
from benchmarks.load.schedule import draw_roles, make_plans, poisson_arrivals
from benchmarks.load.settings import Chaos, LoadSettings, Pace, SettingsError, Target

LOCAL = Target("http://127.0.0.1:1", voices=("a", "b"))


def test_arrivals_repeat_with_their_seed_and_differ_with_another() -> None:
    assert poisson_arrivals(5, 10, seed=1) == poisson_arrivals(5, 10, seed=1)
    assert poisson_arrivals(5, 10, seed=1) != poisson_arrivals(5, 10, seed=2)


def test_arrivals_are_poisson() -> None:
    arrivals = poisson_arrivals(20, 1000, seed=3)
    assert arrivals == sorted(arrivals)
    assert arrivals[0] >= 0
    assert arrivals[-1] < 1000
    gaps = [b - a for a, b in pairwise(arrivals)]
    # An exponential's mean and deviation are both 1/rate; 20,000 draws give either within a few percent.
    assert mean(gaps) == pytest.approx(0.05, rel=0.05)
    assert stdev(gaps) == pytest.approx(0.05, rel=0.05)


def test_shares_of_chaos_clients_are_exact_and_scattered() -> None:
    chaos = Chaos(stall_after_bytes=1, stall_share=0.25, hangup_after_bytes=1, hangup_share=0.1)
    roles = draw_roles(40, chaos, seed=0)
    assert Counter(roles) == {"stall": 10, "hangup": 4, "listener": 26}
    assert len(list(groupby(roles))) > 5
    assert draw_roles(40, chaos, seed=0) == roles


def test_chaos_that_is_switched_off_takes_no_share() -> None:
    assert set(draw_roles(10, Chaos(), seed=0)) == {"listener"}


def test_plans_take_voices_in_turn_and_repeat_with_the_seed() -> None:
    settings = LoadSettings(LOCAL, Pace(concurrency=2, num_requests=6), seed=4)
    plans = make_plans(settings, DEFAULT_SENTENCES)
    assert [plan.voice for plan in plans] == ["a", "b"] * 3
    assert [plan.arrival_s for plan in plans] == [None] * 6
    assert make_plans(settings, DEFAULT_SENTENCES) == plans


def test_open_loop_plans_carry_their_arrivals() -> None:
    settings = LoadSettings(LOCAL, Pace(rate=5, duration_s=4), seed=9)
    assert [plan.arrival_s for plan in make_plans(settings, DEFAULT_SENTENCES)] == poisson_arrivals(5, 4, 9)


def test_built_in_sentences_can_be_chosen_by_language_and_length() -> None:
    assert [(s.lang, s.length) for s in pick_sentences(["ja"], ["long"])] == [("ja", "long")]
    assert len(pick_sentences([], [])) == len(DEFAULT_SENTENCES)
    with pytest.raises(SettingsError, match="no built-in sentence"):
        pick_sentences(["tlh"], [])


def test_a_file_gives_a_sentence_per_line(tmp_path: Path) -> None:
    path = tmp_path / "texts"
    path.write_text("Eins.\n\n  Zwei.  \n", "utf-8")
    assert [(s.text, s.lang) for s in read_sentences(path, "de")] == [("Eins.", "de"), ("Zwei.", "de")]
    path.write_text("\n", "utf-8")
    with pytest.raises(SettingsError, match="holds no sentence"):
        read_sentences(path, "de")
    with pytest.raises(SettingsError, match="can't read"):
        read_sentences(tmp_path / "absent", "de")
