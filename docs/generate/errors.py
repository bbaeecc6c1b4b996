"""Every error's code, with the status that it has over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.http.errors import STATUS_OF_CODE
from docs.generate.markdown import code, prose, table
from tts_core.errors import PolyvoxError

_HEAD = """# Errors

Codes are stable from release to release; messages are for people and may change. An answer of speech that has
begun can't change its status any more: events name the code, and a bare body is cut off, never ended as if it
were whole.
"""


def page() -> str:
    """Return the page."""
    return _HEAD + "\n" + table(("code", "HTTP status", "meaning"), _rows(PolyvoxError))


def _rows(kind: type[PolyvoxError]) -> Iterator[tuple[str, object, str]]:
    own = vars(kind)
    if "code" in own:
        status = STATUS_OF_CODE.get(kind.code, 500)
        yield code(kind.code), status, prose(own.get("__doc__"))
    for narrower in kind.__subclasses__():
        yield from _rows(narrower)
