"""What the shell completes beyond options: voices, as far as a server tells them in no time."""

from __future__ import annotations

import os

import typer

from polyvox.settings import DEFAULT_URL

TIMEOUT_S = 0.5  # whoever pressed Tab is waiting


def complete_voice(context: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of the server's voices that begin so; none where no server answers at once."""
    from polyvox.client import Server
    from tts_core.errors import PolyvoxError

    url = context.params.get("url") or os.environ.get("POLYVOX_URL") or DEFAULT_URL
    key = context.params.get("api_key") or os.environ.get("POLYVOX_API_KEY")
    server = Server(url, key, TIMEOUT_S)
    try:
        ids = [str(voice.get("id", "")) for voice in server.voices()]
    except PolyvoxError:
        return []  # a message would end up in the command line that is being typed
    return [voice for voice in ids if voice.startswith(incomplete)]
