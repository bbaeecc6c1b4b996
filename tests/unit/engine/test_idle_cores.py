"""What others leave of a machine, seen from within."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

from tts_core.engine.idle_cores import IdleCores, busy_s, own_cores

STAT = """cpu  999 999 999 999 999 999 999 999 999 999
cpu0 100 20 30 5000 70 5 5 40 100 0
cpu1 300 0 0 5000 0 0 0 0 0 0
cpu10 7000 0 0 5000 0 0 0 0 0 0
intr 12345
"""


@pytest.fixture
def stat(tmp_path: Path) -> Path:
    path = tmp_path / "stat"
    path.write_text(STAT)
    return path


def test_only_own_cores_count_and_only_what_they_do(stat: Path) -> None:
    assert busy_s(frozenset({0}), stat) == 2.0
    assert busy_s(frozenset({0, 1}), stat) == 5.0


def test_nobody_tells_where_there_is_no_such_file(tmp_path: Path) -> None:
    assert busy_s(frozenset({0}), tmp_path / "stat") is None


class Machine:
    """Two cores, and what they have done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s, self.others_s, self.own_s, self.num_looks = 1000.0, 500.0, 20.0, 0
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)
        self.idle = IdleCores(frozenset({0, 1}), self._busy_s, lambda: self.own_s)

    def _busy_s(self, cores: frozenset[int]) -> float:
        self.num_looks += 1
        return self.others_s + self.own_s

    def goes_on(self, seconds: float, *, others: float, own: float) -> float:
        """Let time pass in which so many cores are used, and look."""
        self.now_s += seconds
        self.others_s += others * seconds
        self.own_s += own * seconds
        self.idle.look()
        return self.idle.num_free


def test_what_others_use_is_not_free_and_what_we_use_is(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    machine.idle.look()
    assert machine.idle.num_free == 0.0  # nothing is known
    assert machine.goes_on(0.2, others=0.25, own=1.0) == pytest.approx(1.75)
    assert machine.goes_on(0.2, others=0.0, own=2.0) == pytest.approx(2.0)
    assert machine.goes_on(0.2, others=1.0, own=1.0) == pytest.approx(1.0)


def test_it_is_not_looked_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    for _ in range(100):
        machine.goes_on(0.01, others=0.0, own=1.0)
    assert 5 <= machine.num_looks <= 11


def test_what_was_long_ago_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    machine.idle.look()
    assert machine.goes_on(60.0, others=0.0, own=0.0) == 0.0
    assert machine.goes_on(0.2, others=0.0, own=1.0) == pytest.approx(2.0)


def test_ticks_that_come_late_are_no_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    machine.idle.look()
    assert machine.goes_on(0.2, others=-0.1, own=1.0) == 2.0


def test_where_nobody_tells_all_are_free() -> None:
    idle = IdleCores(frozenset({0, 1, 2}), lambda cores: None)
    idle.look()
    assert idle.num_free == 3


def burn(seconds: float) -> None:
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s:
        pass


def test_a_busy_neighbour_is_seen_on_this_machine() -> None:
    """Only that: how idle it is otherwise is not a test's to say."""
    if busy_s(own_cores()) is None:
        pytest.skip("this system doesn't tell what its cores do")
    idle = IdleCores(own_cores())
    neighbour = multiprocessing.get_context("spawn").Process(target=burn, args=(20.0,))
    neighbour.start()
    try:
        time.sleep(3)
        idle.look()
        time.sleep(0.8)
        idle.look()
        assert idle.num_free < len(own_cores()) - 0.3
    finally:
        neighbour.kill()
        neighbour.join()
