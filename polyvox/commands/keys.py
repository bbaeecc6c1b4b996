"""`polyvox keys`: who may use a server, and how much."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyvox.console import note, out
from polyvox.settings import find_config
from tts_core.errors import InvalidConfig

if TYPE_CHECKING:
    from deployments.keys.key_file import Key

app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)

FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file",
        envvar="POLYVOX_KEYS",
        help="The file of keys. [default: ingress.keys of ./serve_config.yaml]",
        show_default=False,
    ),
]
IdArgument = Annotated[str, typer.Argument(help="What the key is called: small letters, digits and hyphens.")]
_COLUMNS = ("id", "scopes", "requests/min", "characters/min", "streams", "connections", "created")


@app.command()
def create(
    key_id: IdArgument,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="speak, voices, voices:write, admin; repeat for more. [default: speak and voices]"),
    ] = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="No limit if left out.")] = None,
    characters_per_minute: Annotated[int | None, typer.Option(help="No limit if left out.")] = None,
    concurrent_streams: Annotated[int | None, typer.Option(help="No limit if left out.")] = None,
    concurrent_connections: Annotated[
        int | None, typer.Option(help="WebSockets at once. No limit if left out.")
    ] = None,
    file: FileOption = None,
) -> None:
    """Make a key and print its secret, which is kept nowhere. Running servers take it within a second."""
    from deployments.keys.key_file import changing_keys
    from deployments.keys.tokens import hash_token, new_token

    token = new_token(key_id)
    limits = {
        "requests_per_minute": requests_per_minute,
        "characters_per_minute": characters_per_minute,
        "concurrent_streams": concurrent_streams,
        "concurrent_connections": concurrent_connections,
    }
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    fields = {"id": key_id, "hash": hash_token(token), "limits": limits, "created": today}
    key = _valid({**fields, "scopes": tuple(scope)} if scope else fields)
    path = _path(file)
    with changing_keys(path) as keys:
        if key.id in keys:
            raise InvalidConfig(f"{path} has a key {key.id} already; revoke it first", param="id")
        keys[key.id] = key
    note(f"{key.id} is in {path}. This is its secret, shown once:")
    typer.echo(token)


@app.command("list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False, file: FileOption = None
) -> None:
    """List the keys. Their secrets are nowhere to be listed from."""
    from deployments.keys.key_file import read_keys

    keys = read_keys(_path(file))
    if as_json:
        entries = [key.model_dump(mode="json", exclude={"hash"}) for key in keys]
        typer.echo(json.dumps(entries, indent=2))
    else:
        _print_table(keys)


@app.command()
def revoke(key_id: IdArgument, file: FileOption = None) -> None:
    """Remove a key. Running servers refuse it within a second; streams that it has opened go on."""
    from deployments.keys.key_file import changing_keys

    path = _path(file)
    with changing_keys(path) as keys:
        if keys.pop(key_id, None) is None:
            raise InvalidConfig(f"{path} has no key {key_id}", param="id")
    note(f"{key_id} is revoked", "green")


def _path(given: Path | None) -> Path:
    """Return the file of keys. Raises InvalidConfig where nothing says which it is."""
    if given is not None:
        return given.expanduser()
    from deployments.config_file import load_app_args

    config = find_config(None)
    stated = load_app_args(config).ingress.keys
    if stated is None:
        raise InvalidConfig(f"{config} has no ingress.keys; name a file with --file", param="ingress.keys")
    return Path(stated).expanduser()


def _valid(fields: dict[str, Any]) -> Key:
    from pydantic import ValidationError

    from deployments.keys.key_file import Key

    try:
        return Key.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidConfig(f"{where}: {first['msg']}", param=where) from None


def _print_table(keys: tuple[Key, ...]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(*_COLUMNS, box=SIMPLE_HEAD)
    for key in keys:
        limits = (
            key.limits.requests_per_minute,
            key.limits.characters_per_minute,
            key.limits.concurrent_streams,
            key.limits.concurrent_connections,
        )
        shown = ("" if limit is None else str(limit) for limit in limits)
        table.add_row(key.id, " ".join(key.scopes), *shown, key.created)
    out.print(table, width=None if out.is_terminal else 120)
