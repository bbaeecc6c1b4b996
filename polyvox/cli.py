"""The command line: every command, mounted."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from polyvox.commands import cloning, keys, weights
from polyvox.commands.bench import bench
from polyvox.commands.doctor import doctor
from polyvox.commands.say import say
from polyvox.commands.serve import serve
from polyvox.commands.voices import voices
from polyvox.console import report
from tts_core import __version__
from tts_core.errors import PolyvoxError


class Commands(TyperGroup):
    """Ends with one line and status 1 where a command can't do what it was asked to."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except PolyvoxError as error:
            report(error)
            raise typer.Exit(1) from error


app = typer.Typer(
    name="polyvox",
    cls=Commands,
    help="Streaming speech to many listeners at once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(say)
app.command()(serve)
app.command()(doctor)
app.command()(bench)
app.add_typer(weights.app, name="weights")
app.add_typer(keys.app, name="keys")
app.add_typer(cloning.app, name="voices", callback=voices, invoke_without_command=True, no_args_is_help=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"polyvox {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take what comes before the command."""


def main() -> None:
    """Run the command line; the entry point."""
    app()
