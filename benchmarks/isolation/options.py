"""The command line's options, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_SAID, _CROWD, _SERVER = "What is said", "The crowd", "The server"

Url = Annotated[str, typer.Argument(help="The server, as http://127.0.0.1:8000", show_default=False)]

Models = Annotated[
    list[str] | None,
    typer.Option(
        help="Models, repeated or with commas; each voice's own unless told.", rich_help_panel=_SAID
    ),
]
Voices = Annotated[
    list[str] | None,
    typer.Option(help="Voices, ID or MODEL:ID; the whole catalogue unless told.", rich_help_panel=_SAID),
]
Langs = Annotated[
    list[str] | None,
    typer.Option(
        "--lang", help="Languages of the texts; each voice's own unless told.", rich_help_panel=_SAID
    ),
]
Sentences = Annotated[int, typer.Option(help="Longest text, in sentences.", min=1, rich_help_panel=_SAID)]
LowLatencyShare = Annotated[
    float, typer.Option(help="Share that asks for low latency.", min=0, max=1, rich_help_panel=_SAID)
]
IgnoreEos = Annotated[
    bool,
    typer.Option("--ignore-eos", help="For stand-in weights: with --max-tokens.", rich_help_panel=_SAID),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(help="Draw each request's max_tokens, a quarter to all of it.", rich_help_panel=_SAID),
]

Requests = Annotated[int, typer.Option("--requests", help="Requests in all.", min=1, rich_help_panel=_CROWD)]
Concurrency = Annotated[int, typer.Option(help="Listeners at once.", min=1, rich_help_panel=_CROWD)]
Distinct = Annotated[
    int | None,
    typer.Option(help="Different requests; all up to 120 unless told.", min=1, rich_help_panel=_CROWD),
]
CancelShare = Annotated[float, typer.Option(help="Share that leaves early.", rich_help_panel=_CROWD)]
FailShare = Annotated[float, typer.Option(help="Share that must be refused.", rich_help_panel=_CROWD)]
Pause = Annotated[
    float, typer.Option("--pause-ms", help="Mean pause before asking.", min=0, rich_help_panel=_CROWD)
]
Patience = Annotated[
    float, typer.Option("--patience-s", help="Longest time to be put off.", min=0, rich_help_panel=_CROWD)
]
Seed = Annotated[int, typer.Option(help="Decides the whole plan.", rich_help_panel=_CROWD)]

Solo = Annotated[str, typer.Option(help="Alone first, or after the crowd.", rich_help_panel=_SERVER)]
Timeout = Annotated[
    float, typer.Option("--timeout-s", help="Longest silence on the socket.", rich_help_panel=_SERVER)
]
ApiKey = Annotated[
    str | None, typer.Option(help="Bearer token; never written down.", rich_help_panel=_SERVER)
]
AllowRemote = Annotated[
    bool, typer.Option("--allow-remote", help="Ask a server on another machine.", rich_help_panel=_SERVER)
]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the whole report.")]
