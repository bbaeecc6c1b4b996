"""The WebSocket routes: handshakes, and sessions behind them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.websockets import WebSocket

from deployments.http.service import Service
from deployments.websocket.dialect import Caller, Dialect
from deployments.websocket.elevenlabs import ElevenLabsDialect, Query
from deployments.websocket.entrance import Strangers
from deployments.websocket.messages import refusal
from deployments.websocket.protocol import PolyvoxDialect
from deployments.websocket.refused import Refused
from deployments.websocket.session import Session
from tts_core.errors import InvalidParameter, PolyvoxError

LIVE_TEXT = "/v1/audio/speech/ws"
STREAM_INPUT = "/v1/text-to-speech/{voice_id}/stream-input"
MULTI_STREAM_INPUT = "/v1/text-to-speech/{voice_id}/multi-stream-input"


def live_text_routes(service: Service) -> APIRouter:
    """Return the routes, bound to the service that answers them."""
    router = APIRouter()
    strangers = Strangers()

    @router.websocket(LIVE_TEXT)
    async def live_text(socket: WebSocket) -> None:
        await _serve(service, strangers, socket, lambda: _own_dialect(socket))

    @router.websocket(STREAM_INPUT)
    async def stream_input(socket: WebSocket) -> None:
        await _serve(service, strangers, socket, lambda: _elevenlabs_dialect(socket, is_multi=False))

    @router.websocket(MULTI_STREAM_INPUT)
    async def multi_stream_input(socket: WebSocket) -> None:
        await _serve(service, strangers, socket, lambda: _elevenlabs_dialect(socket, is_multi=True))

    return router


async def _serve(
    service: Service, strangers: Strangers, socket: WebSocket, make_dialect: Callable[[], Dialect]
) -> None:
    if not _is_welcome(socket, service.args.cors_origins):
        await socket.close(1008, "origin")
        return
    try:
        dialect = make_dialect()
    except PolyvoxError as error:
        dialect = Refused(error)
    await Session(service, socket, dialect, _caller(socket), strangers).run()


def _caller(socket: WebSocket) -> Caller:
    """Return who `Authentication` found there. Raises KeyError where it wasn't asked."""
    state = socket.scope["state"]
    find_key = state.get("find_key")
    key = None if find_key is not None else state["key"]
    request_id = state["request_id"]
    return Caller(key, find_key, state.get("key_now"), request_id, socket.headers.get("traceparent"))


def _is_welcome(socket: WebSocket, allowed: tuple[str, ...]) -> bool:
    """Whether a page may connect: browsers let every page do so, and ask nobody, but say which page it is."""
    origin = socket.headers.get("origin")
    if origin is None or "*" in allowed or origin in allowed:
        return True
    return urlsplit(origin).netloc == socket.headers.get("host")


def _own_dialect(socket: WebSocket) -> Dialect:
    audio = socket.query_params.get("audio", "base64")
    if audio not in ("base64", "binary"):
        raise InvalidParameter(f"audio must be base64 or binary, got {audio[:40]!r}", param="audio")
    return PolyvoxDialect(is_binary=audio == "binary")


def _elevenlabs_dialect(socket: WebSocket, *, is_multi: bool) -> Dialect:
    query = {**socket.query_params, "voice": socket.path_params["voice_id"]}
    try:
        return ElevenLabsDialect(Query.model_validate(query), is_multi=is_multi)
    except ValidationError as error:
        raise refusal(error) from None
