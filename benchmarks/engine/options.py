"""The command line's options, each with its help. Aliases, so that the command's signature stays a list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_MODEL, _STAGES, _LOAD = "The model", "Stages", "Listeners"
_PAIRS, _OUT = "What bit identity costs", "Results"


def _text(name: str, help_text: str, panel: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, help=help_text, rich_help_panel=panel)
    return option


Weights = Annotated[Path, typer.Argument(help="A weights folder.", exists=True, file_okay=False)]
Version = Annotated[str, _text("--version", "v1, v2, v2Pro or v2ProPlus.", _MODEL)]
Dtype = Annotated[str, _text("--dtype", "float32, bfloat16 or float16.", _MODEL)]
Device = Annotated[str, _text("--device", "cpu or cuda.", _MODEL)]
Threads = Annotated[int, _text("--threads", "Threads for one operation, as in the engine.", _MODEL)]
Parts = Annotated[str, _text("--parts", "Which of stages,load,determinism,stalled,alone to make.", _MODEL)]
Tokens = Annotated[int, _text("--tokens", "Tokens of the sentence, 25 a second.", _MODEL)]

Prompts = Annotated[str, _text("--prompts", "Lengths of prompts: phones and tokens together.", _STAGES)]
Rows = Annotated[str, _text("--rows", "Sequences in a decode step.", _STAGES)]
KvLens = Annotated[str, _text("--kv-lens", "Positions that a decode step looks at.", _STAGES)]
Latents = Annotated[str, _text("--latents", "Tokens of a segment.", _STAGES)]
Seconds = Annotated[float, _text("--seconds", "How long each stage is measured.", _STAGES)]
StreamMib = Annotated[int, _text("--stream-mib", "Size of a buffer that no cache holds.", _STAGES)]
MatrixDim = Annotated[int, _text("--matrix-dim", "Rows of the matrices of the compute ceiling.", _STAGES)]

Listeners = Annotated[str, _text("--listeners", "How many at once, one load after the other.", _LOAD)]
Rounds = Annotated[int, _text("--rounds", "How often each load counts.", _LOAD)]
Policies = Annotated[str, _text("--policy", "Compared in turn.", _LOAD)]
Rate = Annotated[float, _text("--rate", "Arrivals per second of the low load.", _LOAD)]
LowLatency = Annotated[bool, typer.Option("--low-latency", help="First audio early.", rich_help_panel=_LOAD)]

PairListeners = Annotated[str, _text("--pair-listeners", "How many at once.", _PAIRS)]
PairRounds = Annotated[int, _text("--pair-rounds", "How often both are visited.", _PAIRS)]

JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write everything to FILE.", rich_help_panel=_OUT)
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", help="Write the tables to FILE.", rich_help_panel=_OUT)
]
