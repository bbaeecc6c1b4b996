"""`polyvox voices`: who can speak."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from polyvox.console import note, out
from polyvox.settings import DEFAULT_URL, ApiKeyOption, ConfigOption, LocalOption, UrlOption, find_config

COLUMNS = ("id", "name", "language", "model")


def voices(
    context: typer.Context,
    language: Annotated[
        str | None, typer.Option(help="Only this language: en finds en-us and en-gb too.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    url: UrlOption = DEFAULT_URL,
    api_key: ApiKeyOption = None,
    local: LocalOption = False,
    config: ConfigOption = None,
) -> None:
    """List the voices that can be asked for; or add, show and remove cloned ones in a store."""
    if context.invoked_subcommand is not None:
        return
    catalogue = _local_catalogue(config) if local else _server_catalogue(url, api_key)
    chosen = [voice for voice in catalogue if language is None or _speaks(voice, language)]
    if as_json:
        typer.echo(json.dumps(chosen, ensure_ascii=False, indent=2))
    else:
        _print_table(chosen)
    if not chosen:
        spoken = sorted({voice.get("language", "").partition("-")[0] for voice in catalogue} - {""})
        note(f"no voice speaks {language}; the languages are {' '.join(spoken)}", "yellow")
        raise typer.Exit(1)


def _server_catalogue(url: str, api_key: str | None) -> list[dict[str, Any]]:
    from polyvox.client import Server

    return Server(url, api_key).voices()


def _local_catalogue(config: Path | None) -> list[dict[str, Any]]:
    from deployments.config_file import load_app_args
    from polyvox.local import voices as local_voices

    return asyncio.run(local_voices(load_app_args(find_config(config))))


def _speaks(voice: dict[str, Any], language: str) -> bool:
    """Whether a voice's language is the wanted one or a variety of it (RFC 4647, basic filtering)."""
    own, wanted = str(voice.get("language", "")).lower(), language.lower()
    return own == wanted or own.startswith(wanted + "-")


def _print_table(catalogue: list[dict[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for voice in catalogue:
        table.add_row(*(Text(str(voice.get(column, ""))) for column in COLUMNS))
    if catalogue:
        out.print(table, width=None if out.is_terminal else 120)
