"""`polyvox say`: text in; out comes an audio file, a pipe, or sound."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyvox.completion import complete_voice
from polyvox.settings import DEFAULT_URL, ApiKeyOption, ConfigOption, LocalOption, UrlOption, find_config

if TYPE_CHECKING:
    from polyvox.destination import Destination
    from polyvox.progress import SpeechProgress
    from tts_core.audio.formats import AudioFormat

STDIN = "-"

Sink = Callable[[bytes, "float | None"], None]


def say(
    text: Annotated[str | None, typer.Argument(help="What to speak; - or nothing reads stdin.")] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="File to write; - for stdout. [default: none, and it is played]"),
    ] = None,
    play: Annotated[bool, typer.Option("--play", help="Play it, too, while it arrives.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Speak what comes in on stdin while it comes, as from a model.")
    ] = False,
    low_latency: Annotated[
        bool, typer.Option("--low-latency", help="First audio as early as it can be had.")
    ] = False,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the text from a file.")] = None,
    voice: Annotated[
        str,
        typer.Option(
            envvar="POLYVOX_VOICE",
            help="A voice or an alias; see `polyvox voices`.",
            autocompletion=complete_voice,
        ),
    ] = "alloy",
    language: Annotated[
        str | None, typer.Option(help="Language of the text, if not the voice's own.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Model to speak with, if not the first.")] = None,
    speed: Annotated[float, typer.Option(help="2.0 takes half the time.")] = 1.0,
    pitch: Annotated[float, typer.Option(help="2.0 is an octave higher.")] = 1.0,
    seed: Annotated[int | None, typer.Option(help="Repeats a rendering exactly.")] = None,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format", help="mp3, wav, flac, opus, aac or pcm. [default: the file's extension; stdout: wav]"
        ),
    ] = None,
    url: UrlOption = DEFAULT_URL,
    api_key: ApiKeyOption = None,
    local: LocalOption = False,
    config: ConfigOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Write nothing but audio and errors.")] = False,
) -> None:
    """Speak a text: aloud, or into a file or a pipe."""
    from polyvox.destination import open_destination
    from polyvox.progress import SpeechProgress

    if live and local:
        raise typer.BadParameter("--live needs a server: leave --local out")
    audio_format = choose_format(format_name, output)
    is_piped_in = file is None and text in (None, STDIN)
    words = None if live and is_piped_in else _read_text(text, file)
    options = {
        "language": language,
        "model": model,
        "seed": seed,
        "pitch": None if pitch == 1.0 else pitch,
        "low_latency": low_latency or None,
    }
    with open_destination(output, audio_format, plays=play or output is None) as destination:
        body = {"voice": voice, "response_format": destination.wire_format.value, "speed": speed}
        body |= {name: value for name, value in options.items() if value is not None}
        with SpeechProgress(destination.name, destination.wire_format, quiet=quiet) as progress:

            def receive(data: bytes, audio_s: float | None) -> None:
                progress.update(len(data), audio_s)
                destination.write(data)

            if live:
                _speak_live(url, api_key, body, words, destination, progress)
            elif local:
                _speak_locally(config, {"input": words, **body}, receive)
            else:
                _speak_over_http(url, api_key, {"input": words, **body}, receive)


def _speak_live(
    url: str,
    api_key: str | None,
    start: dict[str, Any],
    words: str | None,
    destination: Destination,
    progress: SpeechProgress,
) -> None:
    from polyvox.client import Server
    from polyvox.live import one_piece, speak_live, stdin_pieces

    pieces = stdin_pieces() if words is None else one_piece(words)
    asyncio.run(speak_live(Server(url, api_key), start, pieces, destination.heard_with(progress.update)))


def _speak_over_http(url: str, api_key: str | None, body: dict[str, Any], receive: Sink) -> None:
    from polyvox.client import Server

    with contextlib.closing(Server(url, api_key).speak(body)) as pieces:
        for data in pieces:
            receive(data, None)


def _speak_locally(config: Path | None, body: dict[str, Any], receive: Sink) -> None:
    from deployments.config_file import load_app_args
    from polyvox.local import speak

    asyncio.run(speak(load_app_args(find_config(config)), body, receive))


def _read_text(text: str | None, file: Path | None) -> str:
    if text not in (None, STDIN) and file is not None:
        raise typer.BadParameter("give a text or --file, not both")
    try:
        if file is not None:
            return file.read_bytes().decode("utf-8")
        if text not in (None, STDIN):
            return str(text)
        if sys.stdin.isatty():
            raise typer.BadParameter("nothing to say: give a text, --file, or pipe one in")
        return sys.stdin.buffer.read().decode("utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{file or 'stdin'} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file or 'stdin'} isn't text in UTF-8: {error}") from error


def choose_format(name: str | None, output: str | None) -> AudioFormat:
    """Return the format by name, else by the file's extension; Ogg files hold Opus. What is played is PCM.

    Raises:
        UnsupportedFormat: neither names one.
    """
    from polyvox.output import STDOUT
    from tts_core.audio.formats import AudioFormat, parse_format
    from tts_core.errors import UnsupportedFormat

    if output is None:
        if name is not None:
            raise typer.BadParameter("--format is a file's: name one with -o")
        return AudioFormat.PCM
    name = name or ("wav" if output == STDOUT else Path(output).suffix.removeprefix("."))
    if not name:
        raise UnsupportedFormat(
            f"{output} has no extension that names a format; give --format", param="format"
        )
    audio_format = parse_format(name)
    return AudioFormat.OPUS if audio_format is AudioFormat.OGG else audio_format
