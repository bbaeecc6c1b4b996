"""Whether a request comes from a web page that has no business here.

Without API keys, a server that listens on this machine alone trusts whoever is on this machine, and so is
every web page in a browser here. A form is something that a page may send anywhere without asking.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from urllib.parse import urlsplit

from deployments.http.voices.errors import ForeignOrigin
from deployments.keys.exposure import is_loopback


def check_origin(headers: Mapping[str, str], allowed: Container[str]) -> None:
    """Return if no page, one of this machine's own, or an allowed one asks.

    Args:
        headers: of the request; names in lower case.
        allowed: the configured `cors_origins`.

    Raises:
        ForeignOrigin: another page does.
    """
    origin = headers.get("origin")
    if origin is None and headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return
    if origin is not None and (origin in allowed or _is_local(origin)):
        return
    raise ForeignOrigin(
        "pages of other origins may change nothing here; ingress.cors_origins lists those that may"
    )


def _is_local(origin: str) -> bool:
    try:
        return is_loopback(urlsplit(origin).hostname or "")
    except ValueError:
        return False
