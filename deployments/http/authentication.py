"""Who may use which route: asked before a body is read."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.http.elevenlabs.paths import LISTS as ELEVENLABS_LISTS
from deployments.http.elevenlabs.paths import SPEAKING
from deployments.http.errors import error_response, route_of
from deployments.http.gpt_sovits.paths import RESULTS, speaks_at_root
from deployments.keys.errors import KeyMissing, ScopeMissing
from deployments.keys.key_file import Key
from deployments.keys.key_file import Scope as KeyScope
from deployments.keys.key_ring import KeyRing
from deployments.websocket.admission import admit, is_live_text
from tts_core.errors import PolyvoxError

_OPEN = frozenset({"/ping", "/healthz", "/readyz", "/docs", "/docs/oauth2-redirect", "/openapi.json"})
_OPEN_FOLDER = "/page/"
_SCOPES: dict[str, KeyScope] = {
    "/v1/audio/speech": "speak",
    "/v1/audio/speech/subtitles": "speak",
    "/tts": "speak",
    "/": "speak",
    "/infer_single": "speak",
    "/set_gpt_weights": "speak",
    "/set_sovits_weights": "speak",
    "/set_refer_audio": "speak",
    "/set_model": "speak",
    "/change_refer": "speak",
    "/speakers": "voices",
    "/character_list": "voices",
    "/v1/models": "voices",
    "/v1/load": "voices",
    **dict.fromkeys(ELEVENLABS_LISTS, "voices"),
}
_SCOPE_FOLDERS: dict[str, KeyScope] = {"/v1/audio/speech/": "speak", "/v1/models/": "voices"}
_VOICES = "/v1/audio/voices"
_LISTS = frozenset({_VOICES, "/v1/models"}) | ELEVENLABS_LISTS
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY_HEADERS = ("xi-api-key", "x-api-key")


class Authentication:
    """ASGI middleware: puts the caller's `Key` into the request's state, or answers 401 or 403.

    Health, the page and the documentation are open to everyone. A route that isn't listed here asks for
    `admin`, so that none is ever open because somebody forgot it.

    Args:
        app: what is behind it.
        ring: the keys; None lets everyone do everything, and the state's key is None.
        public_voices: whether voices and models are listed for everyone.
    """

    def __init__(self, app: ASGIApp, ring: KeyRing | None, public_voices: bool) -> None:
        self._app, self._ring, self._public_voices = app, ring, public_voices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            if is_live_text(scope):
                admit(scope, self._ring)
            else:
                scope.setdefault("state", {})["key"] = self._key(HTTPConnection(scope), route_of(scope))
        except PolyvoxError as error:
            await _refuse(error, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _key(self, connection: HTTPConnection, path: str) -> Key | None:
        """Return who asks. Raises PolyvoxError where that may not be."""
        if self._ring is None or path in _OPEN or path.startswith((_OPEN_FOLDER, RESULTS)):
            return None
        if path == "/" and connection.scope["type"] == "http" and not speaks_at_root(connection.scope):
            return None
        needed = _scope(connection.scope.get("method", "GET"), path)
        if needed == "voices" and path in _LISTS and self._public_voices:
            return None
        key = self._ring.find(_token(connection))
        if not key.allows(needed):
            raise ScopeMissing(f"the API key is good, but not for this: its scopes lack {needed!r}")
        return key


def _scope(method: str, path: str) -> KeyScope:
    if path == _VOICES or path.startswith(f"{_VOICES}/"):
        return _scope_of_voices(method, path)
    if path.startswith(SPEAKING):
        return "speak"
    folder = f"{path.rpartition('/')[0]}/"
    return _SCOPES.get(path) or _SCOPE_FOLDERS.get(folder, "admin")


def _scope_of_voices(method: str, path: str) -> KeyScope:
    """A preview is speech; what is told of a single voice is for keys alone, unlike the list."""
    if path.endswith("/preview"):
        return "speak"
    return "voices" if method in _READING else "voices:write"


def _token(connection: HTTPConnection) -> str:
    """Return the token that a request carries, as OpenAI's, ElevenLabs' or other clients send it."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    candidates = [token if scheme.lower() == "bearer" else ""]
    candidates += [connection.headers.get(name, "") for name in _KEY_HEADERS]
    for candidate in candidates:
        if candidate.strip():
            return candidate.strip()
    raise KeyMissing("an API key is needed: send `Authorization: Bearer <key>`, or `xi-api-key: <key>`")


async def _refuse(error: PolyvoxError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
        return
    await error_response(error, route_of(scope))(scope, receive, send)
