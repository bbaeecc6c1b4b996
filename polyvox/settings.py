"""Where the command line looks when it isn't told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tts_core.errors import InvalidConfig

DEFAULT_URL = "http://127.0.0.1:8000"
CONFIG_NAME = "serve_config.yaml"

UrlOption = Annotated[str, typer.Option("--url", envvar="POLYVOX_URL", help="The server.")]
ApiKeyOption = Annotated[
    str | None,
    typer.Option("--api-key", envvar="POLYVOX_API_KEY", help="Sent as a bearer token.", show_default=False),
]
LocalOption = Annotated[
    bool, typer.Option("--local", help="Speak in this process: no server, no Ray, the same samples.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help=f"With --local: whose engines and aliases. [default: ./{CONFIG_NAME}, else the built-in one]",
    ),
]


def find_config(given: Path | None) -> Path:
    """Return the configuration to use: the given one, the working directory's, or the one that comes along.

    Raises:
        InvalidConfig: there is none.
    """
    if given is not None:
        return given
    package = Path(__file__).parent
    # In a checkout the file lies beside the package; a wheel has it inside.
    for folder in (Path(), package, package.parent):
        if (folder / CONFIG_NAME).is_file():
            return folder / CONFIG_NAME
    raise InvalidConfig(f"there is no {CONFIG_NAME} here; name a configuration file", param=CONFIG_NAME)
