"""The terminal: results on stdout, everything else on stderr."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from tts_core.errors import PolyvoxError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def report(error: PolyvoxError) -> None:
    """Say what went wrong, in one line."""
    message = " ".join(error.message.split())
    later = "" if error.retry_after_s is None else f" (try again in {error.retry_after_s:g} s)"
    err.print(Text.assemble((f"{error.code}: ", "bold red"), (message + later, "red")), soft_wrap=True)


def note(message: str, style: str = "") -> None:
    """Say something beside the result."""
    err.print(Text(message, style), soft_wrap=True)
