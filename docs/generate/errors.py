"""Every error's code, with the status that it has over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.http.errors import STATUS_OF_CODE
from docs.generate.markdown import code, prose, table
from tts_core.errors import PolyvoxError, RequestError, SetupError, SpeechError

_HEAD = """# Errors

Codes are stable from release to release; messages are for people and may change. An answer of speech that has
begun can't change its status any more: events name the code, and a bare body is cut off, never ended as if it
were whole. 429 and 503 carry `Retry-After`. On GPT-SoVITS's routes 404 is 400, as their clients know it.

A route that doesn't exist is `not_found` (404), a method that it lacks `method_not_allowed` (405). Where no
status stands, the error is told over a WebSocket alone, or covers those below it.
"""
_KINDS = frozenset({RequestError, SpeechError, SetupError})


def page() -> str:
    """Return the page."""
    return _HEAD + "\n" + table(("code", "HTTP status", "meaning"), _rows(PolyvoxError))


def _rows(kind: type[PolyvoxError]) -> Iterator[tuple[str, object, str]]:
    own = vars(kind)
    if "code" in own:
        yield code(kind.code), _status(kind), prose(own.get("__doc__"))
    for narrower in kind.__subclasses__():
        yield from _rows(narrower)


def _status(kind: type[PolyvoxError]) -> object:
    if kind in _KINDS or kind.__module__.startswith("deployments.websocket"):
        return ""
    return STATUS_OF_CODE.get(kind.code, 500)
