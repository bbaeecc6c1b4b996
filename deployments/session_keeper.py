"""What GPT-SoVITS's clients have chosen, for ingresses of several replicas: kept in one place for all."""

from __future__ import annotations

from typing import Any

from ray import serve
from ray.serve.handle import DeploymentHandle

from deployments.http.gpt_sovits.sessions import Choice, LocalSessions
from deployments.logs import join_serve_log
from deployments.replica_stream import limit
from tts_core.errors import EngineStopped

PATIENCE_S = 5.0
"""How long an answer may take, which takes milliseconds from a keeper that is there."""


class SessionKeeper(LocalSessions):
    """The deployment's one replica. A choice is lost with it, as with a single ingress."""

    def __init__(self) -> None:
        join_serve_log()
        super().__init__()


# Next to no computing, and machines are reckoned full to the last core: none is set aside.
SessionKeeperDeployment = serve.deployment(
    name="SessionKeeper", num_replicas=1, ray_actor_options={"num_cpus": 0}
)(SessionKeeper)


class RemoteSessions:
    """The same as `LocalSessions`, asked over a Serve handle: some milliseconds for each request.

    Args:
        handle: of the keeper.

    Raises:
        EngineStopped: from every method, while the keeper is gone or hangs: what was chosen isn't guessed.
    """

    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    async def get(self, session: str) -> Choice:
        choice: Choice = await self._ask("get", session)
        return choice

    async def change(self, session: str, changes: dict[str, str]) -> None:
        await self._ask("change", session, changes)

    async def secret(self) -> bytes:
        secret: bytes = await self._ask("secret")
        return secret

    async def _ask(self, method: str, *args: Any) -> Any:
        response = getattr(self._handle, method).remote(*args)
        try:
            # A keeper that hangs, or is being replaced, lets everybody wait.
            with limit(PATIENCE_S, "the keeper gives no answer"):
                return await response
        except Exception as error:
            response.cancel()  # nothing is changed after it was said that it wasn't
            raise EngineStopped("what clients have chosen can't be looked up", retry_after_s=2) from error
