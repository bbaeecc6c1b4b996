"""Which models a replica holds: who is loaded, who leaves, who is refused, and whom none of it disturbs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from deployments import residents
from deployments.residents import Residents
from tests.support.waiting import until
from tts_core.engine.protocol import AsyncEngine, Room
from tts_core.engine.stream import SpeechStream
from tts_core.errors import EngineStopped, InvalidCheckpoint, Overloaded, SetupError, UnknownModel
from tts_core.request import Segment, SynthesisRequest
from tts_core.stats import EngineStats

MODELS = ("a", "b", "c", "d")
SLOTS = 2


class FakeEngine:
    """Opens streams of no audio, which end when the test says so."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.num_open = 0
        self.is_stopped = False

    def generate(self, request: SynthesisRequest) -> SpeechStream:
        assert not self.is_stopped, "speech on an engine that has left"
        assert request.model == self.model
        self.num_open += 1
        return cast(SpeechStream, self)

    def room(self) -> Room:
        return Room(SLOTS - self.num_open, 1.0)

    def stats(self) -> EngineStats:
        return EngineStats(num_slots=SLOTS, num_open=self.num_open)

    def voices(self) -> tuple[Any, ...]:
        return ()

    async def stop(self) -> None:
        self.is_stopped = True


@dataclass
class FakeLoader:
    """Loads when `gate` opens. Models in `broken` have bad files, those in `unfit` turn out bad later."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    broken: dict[str, SetupError] = field(default_factory=dict)
    unfit: dict[str, SetupError] = field(default_factory=dict)
    engines: dict[str, FakeEngine] = field(default_factory=dict)
    loads: list[tuple[str, bool]] = field(default_factory=list)
    num_checks: int = 0

    async def check(self, model: str) -> None:
        self.num_checks += 1
        await asyncio.sleep(0)
        if model in self.broken:
            raise self.broken[model]

    async def load(self, model: str, *, gives_way: bool) -> AsyncEngine:
        self.loads.append((model, gives_way))
        await self.gate.wait()
        if model in self.unfit:
            raise self.unfit[model]
        self.engines[model] = FakeEngine(model)
        return cast(AsyncEngine, self.engines[model])

    @property
    def loaded(self) -> list[str]:
        return [model for model, _ in self.loads]


@dataclass
class Table:
    residents: Residents
    loader: FakeLoader
    told: list[set[str]]
    ended: list[tuple[str, str]]
    on_load: list[Callable[[str, str], None]] = field(default_factory=list)

    async def open(self, model: str) -> FakeEngine:
        return cast(FakeEngine, await self.residents.open(request(model)))

    async def use(self, *models: str) -> None:
        """Have each listened to for a moment."""
        for model in models:
            (await self.open(model)).num_open -= 1

    @property
    def here(self) -> set[str]:
        return set(self.residents.stats_by_model())


def table(limit: int, *, is_open: bool = True) -> Table:
    loader, told, ended = FakeLoader(), list[set[str]](), list[tuple[str, str]]()
    if is_open:
        loader.gate.set()

    def tell(models: Collection[str]) -> None:
        told.append(set(models))

    def on_load(model: str, code: str) -> None:
        ended.append((model, code))
        for told_too in one.on_load:
            told_too(model, code)

    one = Table(Residents(MODELS, limit, SLOTS, loader, tell, on_load), loader, told, ended)
    return one


def request(model: str) -> SynthesisRequest:
    return SynthesisRequest(request_id="r", model=model, voice="v", segments=(Segment(0, "Hello."),))


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


# Who is loaded


async def test_the_first_model_is_there_from_the_start_and_others_when_they_are_asked_for() -> None:
    one = table(2)
    await one.residents.start()
    assert one.here == {"a"}
    await one.use("b", "a", "b")
    assert one.loader.loads == [("a", False), ("b", True)]
    assert one.told[-1] == {"a", "b"}
    with pytest.raises(UnknownModel):
        await one.open("nobody")


async def test_a_models_room_is_told_while_it_is_loaded() -> None:
    models = table(2)
    await models.residents.start()
    await models.residents.open(request("a"))
    assert [models.residents.room(model) for model in ("a", "b")] == [Room(SLOTS - 1, 1.0), None]


async def test_a_model_that_is_asked_for_by_several_is_loaded_once() -> None:
    one = table(1, is_open=False)
    asking = [asyncio.create_task(one.open("b")) for _ in range(SLOTS)]
    await turns()
    one.loader.gate.set()
    first, second = await asyncio.gather(*asking)
    assert first is second
    assert one.loader.loaded == ["b"]


async def test_no_more_wait_for_a_load_than_it_will_have_slots() -> None:
    one = table(1, is_open=False)
    asking = [asyncio.create_task(one.open("b")) for _ in range(SLOTS)]
    await turns()
    with pytest.raises(Overloaded) as refusal:
        await one.open("b")
    assert refusal.value.retry_after_s
    one.loader.gate.set()
    await asyncio.gather(*asking)


async def test_whoever_hangs_up_leaves_the_load_to_the_others() -> None:
    one = table(1, is_open=False)
    asking = [asyncio.create_task(one.open("b")) for _ in range(2)]
    await turns()
    asking[0].cancel()
    await turns()
    one.loader.gate.set()
    assert (await asking[1]).model == "b"
    assert one.loader.loaded == ["b"]
    assert one.loader.engines["b"].num_open == 1


async def test_a_load_that_nobody_waits_for_any_more_is_not_lost() -> None:
    one = table(1, is_open=False)
    asking = asyncio.create_task(one.open("b"))
    await turns()
    asking.cancel()
    one.loader.gate.set()
    await turns()
    await one.use("b", "c", "b")
    assert one.loader.loaded == ["b", "c", "b"]
    assert one.here == {"b"}


# Who leaves


async def test_the_one_asked_for_longest_ago_leaves() -> None:
    one = table(2)
    await one.use("a", "b", "a", "c")
    assert one.here == {"a", "c"}
    assert one.loader.engines["b"].is_stopped
    assert one.told[-1] == {"a", "c"}


async def test_nobody_leaves_who_has_listeners() -> None:
    one = table(2)
    heard = await one.open("a")
    await one.use("b", "c", "d")
    assert one.here == {"a", "d"}
    assert not heard.is_stopped


async def test_where_all_have_listeners_a_newcomer_is_refused_at_once_and_later_let_in() -> None:
    one = table(2)
    first, _ = await one.open("a"), await one.open("b")
    with pytest.raises(Overloaded, match="listeners") as refusal:
        await one.open("c")
    assert refusal.value.retry_after_s
    assert one.here == {"a", "b"}
    assert one.loader.num_checks == 2
    first.num_open = 0
    assert (await one.open("c")).model == "c"
    assert one.here == {"b", "c"}


async def test_a_load_under_way_takes_a_place() -> None:
    one = table(1, is_open=False)
    asking = asyncio.create_task(one.open("b"))
    await turns()
    with pytest.raises(Overloaded):
        await one.open("c")
    one.loader.gate.set()
    assert (await asking).model == "b"


async def test_a_listener_who_comes_while_files_are_checked_keeps_the_model() -> None:
    one = table(1)
    await one.use("a")
    newcomer = asyncio.create_task(one.open("b"))
    await asyncio.sleep(0)  # it is being checked
    heard = await one.open("a")
    with pytest.raises(Overloaded):
        await newcomer
    assert not heard.is_stopped
    assert one.told[-1] == {"a"}


async def test_a_model_that_is_just_loaded_stays_until_those_who_waited_have_listened() -> None:
    one = table(1, is_open=False)
    refusals = list[str]()

    def ask_at_once(model: str, _: str) -> None:
        """Ask for another model while those who waited for this one haven't been told yet."""
        with pytest.raises(Overloaded) as refusal:
            one.residents.open(request("b")).send(None)
        refusals.append(refusal.value.code)

    one.on_load.append(ask_at_once)
    waiting = asyncio.create_task(one.open("a"))
    await turns()
    one.loader.gate.set()
    assert not (await waiting).is_stopped
    assert refusals == ["overloaded"]


async def test_models_are_loaded_one_after_the_other() -> None:
    one = table(3, is_open=False)
    asking = [asyncio.create_task(one.open(model)) for model in ("a", "b", "c")]
    await turns()
    assert one.loader.loaded == ["a"]
    one.loader.gate.set()
    await asyncio.gather(*asking)
    assert one.here == {"a", "b", "c"}


async def test_a_load_that_hangs_is_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Else nobody knew why no other model is loaded any more."""
    monkeypatch.setattr(residents, "SLOW_LOAD_S", 0.01)
    one = table(2, is_open=False)
    opening = asyncio.create_task(one.open("b"))
    await until(lambda: "model 'b' is still being loaded after 0.01 s" in caplog.text)
    one.loader.gate.set()
    await opening
    caplog.clear()
    monkeypatch.setattr(residents, "SLOW_LOAD_S", 0.02)
    await one.use("a")
    await asyncio.sleep(0.05)
    assert "still" not in caplog.text


# What fails


async def test_a_model_with_bad_files_fails_its_own_requests_and_moves_nobody() -> None:
    one = table(1)
    await one.use("a")
    one.loader.broken["b"] = InvalidCheckpoint("b.ckpt is cut off", param="b.ckpt")
    for _ in range(2):
        with pytest.raises(InvalidCheckpoint, match="cut off"):
            await one.open("b")
    assert one.here == {"a"}
    assert one.loader.loaded == ["a"]
    assert one.told[-1] == {"a"}
    assert one.ended[-2:] == [("b", "invalid_checkpoint")] * 2
    del one.loader.broken["b"]
    assert (await one.open("b")).model == "b"


async def test_all_who_wait_for_a_load_hear_why_it_failed_and_the_next_one_tries_again() -> None:
    one = table(2, is_open=False)
    one.loader.unfit["b"] = SetupError("too large")
    asking = [asyncio.create_task(one.open("b")) for _ in range(SLOTS)]
    await turns()
    one.loader.gate.set()
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert [getattr(result, "code", None) for result in results] == ["setup_failed"] * SLOTS
    one.loader.unfit.clear()
    assert (await one.open("b")).model == "b"
    assert one.loader.loaded == ["b", "b"]


async def test_a_crash_of_the_loader_is_no_model() -> None:
    one = table(1)
    one.loader.unfit["b"] = cast(SetupError, RuntimeError("a slip"))
    with pytest.raises(RuntimeError):
        await one.open("b")
    assert one.ended == [("b", "internal_error")]
    assert (await one.open("c")).model == "c"


async def test_stopping_ends_loads_and_engines() -> None:
    one = table(2)
    await one.use("a")
    one.loader.gate.clear()
    asking = asyncio.create_task(one.open("b"))
    await turns()
    await one.residents.stop()
    assert one.loader.engines["a"].is_stopped
    with pytest.raises(EngineStopped):
        await asking
