"""Choices asked of another process are those that were made, and none are guessed while it is gone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from ray.serve.exceptions import DeploymentUnavailableError

from deployments.http.gpt_sovits.sessions import Choice, LocalSessions
from deployments.session_keeper import RemoteSessions
from tts_core.errors import EngineStopped


class Handle:
    """Asks an object of this process; fails with `error`, if there is one."""

    def __init__(self, target: object, error: Exception | None = None) -> None:
        self._target, self._error = target, error

    def __getattr__(self, name: str) -> Any:
        async def remote(*args: Any) -> Any:
            if self._error is not None:
                raise self._error
            return await getattr(self._target, name)(*args)

        return SimpleNamespace(remote=remote)


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
