"""Who can't tell their voices keeps nobody from the others', and who sleeps isn't woken to be listed."""

from __future__ import annotations

import time

import pytest

from deployments import catalogue as catalogue_module
from deployments.catalogue import Catalogue, Voices
from tests.unit.keys.support import Clock
from tts_core.errors import EngineStopped
from tts_core.voice import VoiceInfo


class Deployments:
    """Models that have a voice each, some of which fail or sleep."""

    def __init__(self, *models: str) -> None:
        self.catalogue = Catalogue(models, self.ask, lambda model: model in self.asleep)
        self.asked: list[str] = []
        self.broken, self.asleep = set[str](), set[str]()

    async def ask(self, model: str) -> Voices:
        self.asked.append(model)
        if model in self.broken:
            raise EngineStopped(f"{model} is gone")
        return (VoiceInfo(f"of {model}", model, "en", model),)

    async def listed(self) -> list[str]:
        return [voice.model for voice in await self.catalogue.voices()]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


async def test_replicas_are_asked_now_and_then_and_after_a_change(clock: Clock) -> None:
    deployments = Deployments("a", "b")
    assert await deployments.listed() == await deployments.listed() == ["a", "b"]
    assert deployments.asked == ["a", "b"]
    clock.now_s += catalogue_module.MAX_AGE_S + 1
    await deployments.listed()
    deployments.catalogue.forget()
    await deployments.listed()
    assert deployments.asked == ["a", "b"] * 3


async def test_a_broken_model_keeps_nobody_from_the_others_voices(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    deployments = Deployments("a", "b")
    deployments.broken.add("b")
    assert await deployments.listed() == ["a"]
    assert "model b doesn't tell its voices, none are listed: b is gone" in caplog.text
    deployments.broken = {"a"}
    clock.now_s += catalogue_module.MAX_AGE_S + 1
    assert await deployments.listed() == ["a", "b"]  # as they were told last


async def test_where_nobody_tells_the_reason_is_told_every_time(clock: Clock) -> None:
    deployments = Deployments("a", "b")
    deployments.broken = {"a", "b"}
    for _ in range(2):
        with pytest.raises(EngineStopped, match="a is gone"):
            await deployments.listed()
    deployments.broken = set()
    assert await deployments.listed() == ["a", "b"]


async def test_a_model_that_sleeps_is_woken_once_at_most(clock: Clock) -> None:
    deployments = Deployments("a", "b")
    deployments.asleep = {"b"}
    assert await deployments.listed() == ["a", "b"]
    clock.now_s += catalogue_module.MAX_AGE_S + 1
    assert await deployments.listed() == ["a", "b"]
    assert deployments.asked == ["a", "b", "a"]
