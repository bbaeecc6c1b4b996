"""The command line, as its own help tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from docs.generate.markdown import code, prose, table
from polyvox.cli import app

_HEAD = """# Command line

What `polyvox --help` says, on one page.
"""


def page() -> str:
    """Return the page."""
    return "\n".join((_HEAD, *_describe(typer.main.get_command(app), "polyvox")))


def _describe(command: Any, name: str) -> Iterator[str]:
    yield f"## {code(name)}\n"
    yield prose(command.help) + "\n"
    yield table(("", "meaning"), map(_parameter, command.params))
    for word, inner in getattr(command, "commands", {}).items():
        if not inner.hidden:
            yield from _describe(inner, f"{name} {word}")


def _parameter(parameter: Any) -> tuple[str, str]:
    is_option = parameter.param_type_name == "option"
    names = ", ".join((*parameter.opts, *parameter.secondary_opts)) if is_option else parameter.name.upper()
    return code(names), getattr(parameter, "help", None) or ""
