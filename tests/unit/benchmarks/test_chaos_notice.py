"""What listeners of the chaos suite wrote down, and what its report makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.chaos import report
from benchmarks.chaos.crowd import Events, Run
from benchmarks.chaos.listener import Ask, Heard
from benchmarks.chaos.notice import headroom_s, notice
from benchmarks.chaos.scenario import Outcome
from benchmarks.load.playback import simulate

ALONE = bytes(range(200))
FINE = [(0.0, 4.0), (1.0, 8.0)]


def heard(
    timeline: list[tuple[float, float]], data: bytes = ALONE, error: str = "", asked_s: float = -0.5
) -> Heard:
    return Heard(Ask(1, {}), asked_s, data, timeline, error, timeline[-1][0] if timeline else 0.0)


def run(*listeners: Heard, at_s: float = 0.5) -> Run:
    return Run({1: ALONE}, list(listeners), Events([at_s]))


def test_whole_and_equal_is_nothing_to_notice() -> None:
    seen = notice(run(heard(FINE), heard(FINE)))
    assert (seen.streams, seen.completed, seen.differing, seen.clean_but_short) == (2, 2, 0, 0)
    assert (seen.errors, seen.silence_s, seen.ahead, seen.ahead_ran_dry) == ({}, 0.0, 2, 0)
    assert seen.first_audio_s == 0.5


def test_bytes_that_differ_and_ends_that_come_early_are_counted() -> None:
    other, short = ALONE[:-1] + b"!", ALONE[:100]
    seen = notice(run(heard(FINE, other), heard(FINE, short), heard(FINE, short, "broken off")))
    assert (seen.completed, seen.differing, seen.clean_but_short) == (2, 2, 1)
    assert seen.errors == {"broken off": 1}
    assert notice(run(heard(FINE, b"!" + short[1:], "broken off"))).differing == 1


def test_a_refusal_before_any_audio_differs_from_nothing() -> None:
    seen = notice(run(heard([], b"", "429 overloaded"), at_s=0.0))
    assert (seen.streams, seen.completed, seen.differing) == (1, 0, 0)


def test_silence_counts_beyond_that_of_calm() -> None:
    gap, longer = heard([(0.0, 1.0), (1.5, 9.0)]), heard([(2.0, 1.0), (6.0, 9.0)])
    seen = notice(run(gap, longer, at_s=2.5))
    assert seen.streams == 1
    assert [seen.silence_s, seen.calm_silence_s] == pytest.approx([3.0, 0.5])


def test_who_was_far_ahead_and_ran_dry_is_told_from_who_was_not() -> None:
    far, near = [(0.0, 4.0), (6.0, 9.0)], [(0.0, 1.0), (6.0, 9.0)]
    assert (notice(run(heard(far))).ahead, notice(run(heard(far))).ahead_ran_dry) == (1, 1)
    assert notice(run(heard(near))).ahead == 0
    assert notice(run(heard(far, asked_s=-9.0), at_s=-1.0)).ahead == 0


def test_headroom_stands_still_while_nothing_is_heard() -> None:
    timeline = [(0.0, 1.0), (3.0, 5.0)]
    played = simulate(timeline)
    assert played is not None
    assert headroom_s(timeline, played, 0.5) == pytest.approx(0.5)
    assert headroom_s(timeline, played, 2.0) == pytest.approx(0.0)
    assert headroom_s(timeline, played, 4.0) == pytest.approx(3.0)


def test_a_run_replaces_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "CHAOS.md"
    one = Outcome("one", "this", notice(run(heard(FINE))))
    report.write(path, [one, Outcome("two", "that", one.noticed, ("a note",))], "first")
    report.write(path, [Outcome("one", "this", notice(run(heard(FINE), heard(FINE))))], "second")
    rows = [line for line in path.read_text("utf-8").splitlines() if line.startswith(("| one", "| two"))]
    assert [row.split(" | ")[2] for row in rows] == ["2", "1"]
    assert "`second`" in rows[0]
    assert "a note" in rows[1]
