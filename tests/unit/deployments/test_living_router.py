"""Nobody is sent to a replica that says nothing, as long as there is another one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from deployments import full_replicas, pulse
from deployments.full_replicas import FullReplicas
from deployments.living_router import LivingRouter
from deployments.pulse import PULSE_S, SILENT_S, Pulse
from tts_core.engine.protocol import Room

NAMES = ("a", "b", "c")
FULL = Room(0, 8.0)


@dataclass(frozen=True)
class Id:
    """As Serve's ids of replicas, which want a deployment, too."""

    unique_id: str


@dataclass(frozen=True)
class Replica:
    replica_id: Id


class Router(LivingRouter):
    """Without Serve behind it."""

    def __init__(self, *preferred: str) -> None:
        self.replicas = {Id(name): Replica(Id(name)) for name in NAMES}
        self.preferred = set(map(Id, preferred))

    @property
    def curr_replicas(self) -> Any:
        return self.replicas

    def _preferred(self, request: Any) -> Any:
        return self.preferred

    def chosen(self, model: str = "") -> set[str]:
        """Return every name that comes up in many choices, for a request that names a model."""
        everyone: Any = list(self.replicas.values())
        request: Any = SimpleNamespace(metadata=SimpleNamespace(multiplexed_model_id=model))

        async def choose() -> list[Any]:
            return [await self.choose_replicas(everyone, request) for _ in range(60)]

        choices = asyncio.run(choose())
        return {one.replica_id.unique_id for ranks in choices for rank in ranks for one in rank}


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(full_replicas, "time", SimpleNamespace(monotonic=lambda: 0.0))
    yield
    pulse._silent.clear()
    full_replicas._words.clear()


def fall_silent(*names: str) -> None:
    for name in names:
        mine = Pulse(name)
        for _ in range(int(SILENT_S / PULSE_S) + 1):
            mine.beat()


def test_two_of_all_that_live_are_chosen() -> None:
    assert Router(*NAMES).chosen() == {"a", "b", "c"}
    fall_silent("b")
    assert Router(*NAMES).chosen() == {"a", "c"}


def test_the_model_is_loaded_elsewhere_where_only_a_silent_one_has_it() -> None:
    assert Router("b").chosen() == {"b"}
    fall_silent("b")
    assert Router("b").chosen() == {"a", "c"}


def test_a_silent_one_is_asked_where_there_is_no_other() -> None:
    fall_silent(*NAMES)
    assert Router(*NAMES).chosen() == {"a", "b", "c"}


def test_nobody_asks_who_has_just_been_full_while_another_may_have_room() -> None:
    full = FullReplicas("m", lambda: frozenset(NAMES))
    full.said("a", FULL)
    assert Router(*NAMES).chosen() == {"b", "c"}
    full.said("b", FULL)
    full.said("c", FULL)
    assert Router(*NAMES).chosen() == {"a", "b", "c"}
    full.freed("c")
    assert Router(*NAMES).chosen() == {"c"}
    assert Router("b").chosen() == {"b"}


def test_who_is_full_for_one_model_is_asked_for_another() -> None:
    FullReplicas("m", lambda: frozenset(NAMES)).said("a", FULL)
    assert Router(*NAMES).chosen("m") == {"b", "c"}
    assert Router(*NAMES).chosen("n") == {"a", "b", "c"}


def test_who_waits_for_the_right_replica_waits_on() -> None:
    assert Router().chosen() == set()
