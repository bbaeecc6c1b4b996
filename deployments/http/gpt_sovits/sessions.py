"""What a client has chosen for its later requests: weights, and a reference.

GPT-SoVITS's clients choose in one request (`/set_gpt_weights`) and speak in the next, and send nothing by
which to know them. So a choice belongs to whoever can be told apart: to an API key where the server has keys,
to a name where the client's base URL ends in `/session/NAME`, to both together; and else to all who use the
server as its only user would. Where strangers may (`open_to_all`), that is refused. A choice acts on requests
that come after it, and on no running one.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Protocol

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.keys.key_file import Key
from tts_core.errors import InvalidParameter

MAX_SESSIONS = 1000
_SECRET_BYTES = 32
_PREFIX = re.compile(r"/session/([A-Za-z0-9._-]{1,64})(?=/|$)")


@dataclass(frozen=True)
class Choice:
    """What one session has chosen, in the client's own words; empty for what it hasn't.

    Attributes:
        gpt_weights, sovits_weights: see `ModelChooser`.
        ref_audio_path, prompt_text, prompt_lang: as in a request.
    """

    gpt_weights: str = ""
    sovits_weights: str = ""
    ref_audio_path: str = ""
    prompt_text: str = ""
    prompt_lang: str = ""


class Sessions(Protocol):
    """Where choices are kept, for all replicas of an ingress."""

    async def get(self, session: str) -> Choice:
        """Return what a session has chosen."""
        ...

    async def change(self, session: str, changes: dict[str, str]) -> None:
        """Change some of it."""
        ...

    async def secret(self) -> bytes:
        """Return random bytes that no client knows: the same while choices last."""
        ...


class LocalSessions:
    """Choices in the memory of this process, and lost with it; the one used longest ago makes room."""

    def __init__(self, max_sessions: int = MAX_SESSIONS) -> None:
        self._max_sessions = max_sessions
        self._choices: OrderedDict[str, Choice] = OrderedDict()
        self._secret = secrets.token_bytes(_SECRET_BYTES)

    async def get(self, session: str) -> Choice:
        if session in self._choices:
            self._choices.move_to_end(session)
        return self._choices.get(session, Choice())

    async def change(self, session: str, changes: dict[str, str]) -> None:
        self._choices[session] = replace(await self.get(session), **changes)
        self._choices.move_to_end(session)
        while len(self._choices) > self._max_sessions:
            self._choices.popitem(last=False)

    async def secret(self) -> bytes:
        return self._secret


class SessionPath:
    """ASGI middleware: takes `/session/NAME` off the front of a path, and puts the name into the state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            root: str = scope.get("root_path", "")
            match = _PREFIX.match(scope["path"].removeprefix(root))
            if match:
                # The framework's own way to say that an application lies below a prefix.
                scope["root_path"] = root + match[0]
                scope.setdefault("state", {})["session"] = match[1]
        await self._app(scope, receive, send)


def session_of(request: Request) -> str:
    """Return the session that a request belongs to; the empty one is everybody's who has no other."""
    key: Key | None = request.state.key
    name: str = getattr(request.state, "session", "")
    # No key's id has a slash in it.
    return f"{key.id if key else ''}/{name}".removesuffix("/")


def check_may_choose(session: str, open_to_all: bool) -> None:
    """Return if a choice of this session's concerns nobody else.

    Raises:
        InvalidParameter: strangers would find their own requests changed.
    """
    if open_to_all and not session:
        raise InvalidParameter(
            "this server is open to all, so nobody chooses for everybody: put /session/NAME behind its "
            "address"
        )
