"""Cloned voices on a server: what `polyvox voices add`, `show` and `remove` do with --url, and `preview`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polyvox.settings import DEFAULT_URL, ApiKeyOption, UrlOption

RemoteOption = Annotated[
    str | None,
    typer.Option("--url", help="A server's address: ask it, instead of the store.", show_default=False),
]


def add(
    url: str, api_key: str | None, name: str, recording: Path, text: str, consent: str, language: str
) -> dict[str, Any]:
    """Upload a voice and return what the server tells of it."""
    from polyvox.client import Server

    return Server(url, api_key).add_voice(name, recording.read_bytes(), text, consent, language)


def show(url: str, api_key: str | None, voice: str) -> dict[str, Any]:
    """Return what the server tells of a voice."""
    from polyvox.client import Server

    return Server(url, api_key).inspect_voice(voice)


def remove(url: str, api_key: str | None, voice: str) -> dict[str, Any]:
    """Remove a voice from a server and return which one it was."""
    from polyvox.client import Server

    return Server(url, api_key).remove_voice(voice)


def preview(
    voice: Annotated[str, typer.Argument(help="A voice's name or id.")],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="File to write; - for stdout. [default: none, and it is played]"),
    ] = None,
    url: UrlOption = DEFAULT_URL,
    api_key: ApiKeyOption = None,
) -> None:
    """Hear a voice of a server's speak one sentence, the same each time."""
    from polyvox.client import Server
    from polyvox.commands.say import choose_format
    from polyvox.destination import open_destination

    with open_destination(output, choose_format(None, output), plays=output is None) as destination:
        destination.write(Server(url, api_key).preview_voice(voice, destination.wire_format.value))


def lines(told: dict[str, Any]) -> list[str]:
    """Return what a server tells, for people: a line for each thing, and for each one in it."""
    width = max(map(len, told), default=0)
    shown = []
    for name, value in told.items():
        if isinstance(value, dict):
            value = ", ".join(f"{part} {one}" for part, one in value.items())
        elif isinstance(value, list | tuple):
            value = ", ".join(map(str, value))
        if value not in (None, ""):
            shown.append(f"{name:{width}}  {value}")
    return shown
