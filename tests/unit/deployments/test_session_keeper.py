"""Choices asked of another process are those that were made, and none are guessed while it is gone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ray.serve.exceptions import DeploymentUnavailableError

from deployments import session_keeper
from deployments.http.gpt_sovits.sessions import Choice, LocalSessions
from deployments.session_keeper import RemoteSessions
from tts_core.errors import EngineStopped


class Hanging:
    """A keeper that is there, and does nothing."""

    def __init__(self) -> None:
        self.num_cancelled = 0

    async def get(self, session: str) -> Choice:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.num_cancelled += 1
            raise
        raise AssertionError


class Handle:
    """Asks an object of this process; fails with `error`, if there is one."""

    def __init__(self, target: object, error: Exception | None = None) -> None:
        self._target, self._error = target, error

    def __getattr__(self, name: str) -> Any:
        async def answer(*args: Any) -> Any:
            if self._error is not None:
                raise self._error
            return await getattr(self._target, name)(*args)

        return SimpleNamespace(remote=lambda *args: asyncio.ensure_future(answer(*args)))


def remote(target: object, error: Exception | None = None) -> RemoteSessions:
    return RemoteSessions(cast(Any, Handle(target, error)))


async def test_two_ingresses_see_one_choice_and_one_secret() -> None:
    keeper = LocalSessions()
    one, other = remote(keeper), remote(keeper)
    await one.change("alice", {"gpt_weights": "two"})
    await other.change("alice", {"ref_audio_path": "ann"})
    assert await one.get("alice") == Choice(gpt_weights="two", ref_audio_path="ann")
    assert await other.get("bob") == Choice()
    assert await one.secret() == await other.secret() == await keeper.secret()
    assert await LocalSessions().secret() != await one.secret()


async def test_a_keeper_that_is_gone_is_an_error_and_not_no_choice() -> None:
    sessions = remote(LocalSessions(), DeploymentUnavailableError(cast(Any, "SessionKeeper")))
    with pytest.raises(EngineStopped):
        await sessions.get("alice")
    with pytest.raises(EngineStopped):
        await sessions.change("alice", {"gpt_weights": "two"})


async def test_a_keeper_that_hangs_is_waited_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_keeper, "PATIENCE_S", 0.01)
    keeper = Hanging()
    with pytest.raises(EngineStopped):
        await remote(keeper).get("alice")
    await asyncio.sleep(0)
    assert keeper.num_cancelled == 1
