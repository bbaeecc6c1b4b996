"""Who may sleep is let sleep, and is ready as long as it could wake."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ray import serve

from deployments.config import WaitingArgs
from deployments.remote_speech import RemoteSpeechSource, Timeouts
from tts_core.errors import EngineStopped


class Handle:
    """A deployment's handle that counts how often its replicas are asked."""

    app_name, deployment_name = "app", "TTSServer"

    def __init__(self) -> None:
        self.num_asked = 0
        self.stats = SimpleNamespace(remote=self._answer)

    def options(self, **_: Any) -> Handle:
        return self

    async def _answer(self) -> str:
        self.num_asked += 1
        return "stats"


@pytest.fixture
def handle() -> Handle:
    return Handle()


def source(handle: Handle, *, may_sleep: bool, admission_s: float = 1.0) -> RemoteSpeechSource:
    return RemoteSpeechSource(
        {"m": cast(Any, handle)},
        frozenset(),
        Timeouts(admission_s, 1.0),
        WaitingArgs(),
        lambda *_: None,
        frozenset({"m"} if may_sleep else ()),
    )


def the_controller_says(monkeypatch: pytest.MonkeyPatch, status: str, message: str = "") -> None:
    deployment = SimpleNamespace(status=status, message=message)
    app = SimpleNamespace(deployments={"TTSServer": deployment})
    monkeypatch.setattr(serve, "status", lambda: SimpleNamespace(applications={"app": app}))


async def test_without_a_controller_nobody_who_sleeps_is_ready(
    handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def status() -> None:
        raise RuntimeError("there is no Serve")

    monkeypatch.setattr(serve, "status", status)
    with pytest.raises(EngineStopped, match="controller can't be asked"):
        await source(handle, may_sleep=True).check_ready()


async def test_who_is_being_deleted_is_not_ready(handle: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "status", lambda: SimpleNamespace(applications={}))
    with pytest.raises(EngineStopped):
        await source(handle, may_sleep=True).check_ready()


async def test_a_controller_that_hangs_is_asked_once(handle: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    answer = threading.Event()

    def hang(handle: object) -> str:
        asked.append(handle)
        answer.wait()
        return ""

    monkeypatch.setattr("deployments.remote_speech.trouble_with", hang)
    speeches = source(handle, may_sleep=True, admission_s=0.05)
    for _ in range(3):
        with pytest.raises(EngineStopped, match="controller"):
            await speeches.check_ready()
    assert len(asked) == 1
    answer.set()


async def test_who_always_runs_is_asked(handle: Handle) -> None:
    await source(handle, may_sleep=False).check_ready()
    assert handle.num_asked == 1


@pytest.mark.parametrize("status", ["HEALTHY", "UPSCALING", "DOWNSCALING", "UPDATING"])
async def test_who_may_sleep_is_not(handle: Handle, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    the_controller_says(monkeypatch, status)
    await source(handle, may_sleep=True).check_ready()
    assert handle.num_asked == 0


@pytest.mark.parametrize("status", ["UNHEALTHY", "DEPLOY_FAILED"])
async def test_who_can_not_wake_is_not_ready(
    handle: Handle, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    the_controller_says(monkeypatch, status, "its weights are gone")
    with pytest.raises(EngineStopped, match="its weights are gone"):
        await source(handle, may_sleep=True).check_ready()
