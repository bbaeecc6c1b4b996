"""`polyvox voices add` and its kind: cloned voices in a store, or with --url on a server."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyvox.commands import remote_voices as remote
from polyvox.commands.remote_voices import RemoteOption
from polyvox.console import note, out, report
from polyvox.settings import ApiKeyOption
from tts_core.errors import InvalidVoice, PolyvoxError, SetupError

if TYPE_CHECKING:
    from tts_core.voices import Consent, Upload, Voice, VoiceStore

app = typer.Typer(help="Add, list, show, hear and remove cloned voices.", no_args_is_help=True)
app.command()(remote.preview)

# tts_core.voices has it too, but importing it takes the audio libraries along.
DEFAULT_STORE = "~/.local/share/polyvox/voices"
_SHOWN_TEXT_CHARS = 28
_UNFIT_FOR_NAMES = re.compile(r"[^A-Za-z0-9._-]+")

StoreOption = Annotated[
    str,
    typer.Option("--store", envvar="POLYVOX_VOICES", help="A folder, or a URL such as s3://bucket/voices."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
VoiceArgument = Annotated[str, typer.Argument(help="A voice's name or id.")]


@app.command()
def add(
    recording: Annotated[Path, typer.Argument(help="3 to 10 s of one speaker, in any audio format.")],
    text: Annotated[str, typer.Option(help="What the recording says.")],
    language: Annotated[
        str, typer.Option("--lang", "--language", help="Its language: en, zh, ja, ko, yue, auto, ...")
    ],
    name: Annotated[
        str | None, typer.Option(help="What requests call it. [default: the file's name]", show_default=False)
    ] = None,
    extra: Annotated[
        list[Path] | None, typer.Option(help="A further recording of the speaker; repeat for more.")
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="The voice's own speed, top_k, top_p, temperature, ..."),
    ] = None,
    consent: Annotated[
        str | None,
        typer.Option(
            help="The speaker's consent, in words: who agreed, and to what. A server insists on it."
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    url: RemoteOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a recording and keep it as a voice, in a store or on a server."""
    from tts_core.voices import VoiceDefaults

    if url is not None and (extra or default):
        raise typer.BadParameter("--extra and --default are for a store: a server takes one recording")
    if url is not None and consent is None:
        raise typer.BadParameter("a server keeps no voice without --consent")
    with _reported():
        called = name if name is not None else _name_from(recording)
        if url is not None:
            told = remote.add(url, api_key, called, recording, text, str(consent), language)
            _tell_added(told, as_json=as_json)
            return
        voice = _open(store).add(
            called,
            _upload(recording),
            text,
            language,
            extras=[_upload(path) for path in extra or ()],
            defaults=VoiceDefaults.from_dict(dict(_setting(one) for one in default or ())),
            consent=_consent(consent),
        )
    if as_json:
        _print_json(voice.to_dict())
    else:
        typer.echo(f"{voice.name} {voice.id}")


@app.command("list")
def list_voices(as_json: JsonOption = False, store: StoreOption = DEFAULT_STORE) -> None:
    """List the voices of a store; damaged ones are named on stderr, with status 1."""
    with _reported():
        voices, damaged = _open(store).scan()
    if as_json:
        _print_json([voice.to_dict() for voice in voices])
    else:
        _print_table(voices)
    for error in damaged:
        report(error)
    if damaged:
        raise typer.Exit(1)


@app.command()
def show(
    voice: VoiceArgument,
    as_json: JsonOption = False,
    store: StoreOption = DEFAULT_STORE,
    url: RemoteOption = None,
    api_key: ApiKeyOption = None,
) -> None:
    """Tell all about a voice; in a store, check that its recordings are sound."""
    with _reported():
        if url is not None:
            told = remote.show(url, api_key, voice)
            _print_json(told) if as_json else typer.echo("\n".join(remote.lines(told)))
            return
        opened = _open(store)
        found = opened.get(voice)
        for index in range(len(found.recordings)):
            opened.read_recording(found, index)
    if as_json:
        _print_json(found.to_dict())
    else:
        typer.echo("\n".join(_lines(found)))


@app.command()
def remove(
    voice: VoiceArgument,
    store: StoreOption = DEFAULT_STORE,
    url: RemoteOption = None,
    api_key: ApiKeyOption = None,
) -> None:
    """Remove a voice and its recordings."""
    with _reported():
        if url is not None:
            names: tuple[str, ...] = (str(remote.remove(url, api_key, voice).get("id", voice)),)
        else:
            names = tuple(_open(store).remove(voice))
    typer.echo(f"removed {', '.join(names)}")


def _tell_added(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        _print_json(told)
    else:
        typer.echo(f"{told.get('name')} {told.get('content_id')}")
    for warning in told.get("warnings") or ():
        note(str(warning), "yellow")


@contextmanager
def _reported() -> Iterator[None]:
    """End the command with one line and status 1 where something is wrong with what was asked."""
    try:
        yield
    except PolyvoxError as error:
        report(error)
        raise typer.Exit(1) from error
    except OSError as error:
        report(SetupError(str(error)))
        raise typer.Exit(1) from error


def _open(url: str) -> VoiceStore:
    from tts_core.voices import VoiceStore

    return VoiceStore(url)


def _upload(path: Path) -> Upload:
    from tts_core.voices import Upload

    return Upload(path.name, path.read_bytes())


def _consent(text: str | None) -> Consent | None:
    """Return a statement with its date. Nobody vouches for whoever has the store's folder."""
    if text is None:
        return None
    from tts_core.voices.consent import Consent, check_consent

    now = datetime.datetime.now(datetime.timezone.utc)
    return Consent(check_consent(text), now.isoformat(timespec="seconds"))


def _name_from(path: Path) -> str:
    """Make a voice's name of a file's."""
    name = _UNFIT_FOR_NAMES.sub("-", path.stem).strip("-._")
    if not name:
        raise InvalidVoice(f"the file name {path.name!r} gives no voice name: say --name", param="name")
    return name


def _setting(option: str) -> tuple[str, float | str]:
    """Split NAME=VALUE. What is no number goes on as text, for the check that names the range."""
    name, _, value = option.partition("=")
    try:
        return name.strip(), int(value) if value.strip().isdecimal() else float(value)
    except ValueError:
        return name.strip(), value


def _print_json(values: object) -> None:
    typer.echo(json.dumps(values, ensure_ascii=False, indent=2))


def _print_table(voices: tuple[Voice, ...]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for column in ("name", "id", "language", "seconds", "text"):
        table.add_column(column, overflow="fold", no_wrap=column not in ("name", "text"))
    for voice in voices:
        seconds = f"{voice.recordings[0].duration_s:.1f}"
        text = voice.text
        if len(text) > _SHOWN_TEXT_CHARS:
            text = f"{text[: _SHOWN_TEXT_CHARS - 1]}…"
        table.add_row(*(Text(cell) for cell in (voice.name, voice.id, voice.language, seconds, text)))
    if voices:
        out.print(table)


def _lines(voice: Voice) -> Iterator[str]:
    yield f"name       {voice.name}"
    yield f"id         {voice.id}"
    yield f"language   {voice.language}"
    yield f"text       {voice.text}"
    for index, one in enumerate(voice.recordings):
        role = "extra    " if index else "recording"
        yield f"{role}  {one.name}, {one.duration_s:.2f} s, {one.num_bytes} bytes, SHA-256 {one.sha256}"
    for setting, value in voice.defaults.to_dict().items():
        yield f"default    {setting}={value:g}"
