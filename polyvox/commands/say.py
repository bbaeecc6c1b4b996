"""`polyvox say`: text in, an audio file or a pipe out."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyvox.settings import DEFAULT_URL, ApiKeyOption, ConfigOption, LocalOption, UrlOption, find_config

if TYPE_CHECKING:
    from tts_core.audio.formats import AudioFormat

STDIN = "-"

Sink = Callable[[bytes, "float | None"], None]


def say(
    text: Annotated[str | None, typer.Argument(help="What to speak; - or nothing reads stdin.")] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", help="File to write; - for stdout.", show_default=False)
    ] = ...,  # type: ignore[assignment]  # typer's way to say that an option is required
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the text from a file.")] = None,
    voice: Annotated[
        str, typer.Option(envvar="POLYVOX_VOICE", help="A voice or an alias; see `polyvox voices`.")
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
    """Speak a text into a file or a pipe."""
    from polyvox.output import open_output
    from polyvox.progress import SpeechProgress

    audio_format = _choose_format(format_name, output)
    body = {
        "input": _read_text(text, file),
        "voice": voice,
        "response_format": audio_format.value,
        "speed": speed,
    }
    options = {"language": language, "model": model, "seed": seed, "pitch": None if pitch == 1.0 else pitch}
    body |= {name: value for name, value in options.items() if value is not None}
    with SpeechProgress(output, audio_format, quiet=quiet) as progress, open_output(output) as target:

        def receive(data: bytes, audio_s: float | None) -> None:
            target.write(data)
            progress.update(len(data), audio_s)

        if local:
            _speak_locally(config, body, receive)
        else:
            _speak_over_http(url, api_key, body, receive)


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


def _choose_format(name: str | None, output: str) -> AudioFormat:
    """Return the format by name, else by the file's extension; Ogg files hold Opus.

    Raises:
        UnsupportedFormat: neither names one.
    """
    from polyvox.output import STDOUT
    from tts_core.audio.formats import AudioFormat, parse_format
    from tts_core.errors import UnsupportedFormat

    name = name or ("wav" if output == STDOUT else Path(output).suffix.removeprefix("."))
    if not name:
        raise UnsupportedFormat(
            f"{output} has no extension that names a format; give --format", param="format"
        )
    audio_format = parse_format(name)
    return AudioFormat.OPUS if audio_format is AudioFormat.OGG else audio_format
