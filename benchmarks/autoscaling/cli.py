"""`python -m benchmarks.autoscaling`: our policy and Serve's over simulated listeners."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from benchmarks.autoscaling.fleet import Machine
from benchmarks.autoscaling.report import document, markdown, print_tables
from benchmarks.autoscaling.sweep import contestants, run
from benchmarks.autoscaling.traces import TRACES
from deployments.autoscaling.policy import Settings

app = typer.Typer(add_completion=False)


def main() -> None:
    """Run the command line."""
    # Serve's configuration warns of a field that it still goes by.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="ray")
    app()


@app.command()
def compare(
    trace: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(TRACES)}. [default: all]")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each, with other listeners each time.")] = 2,
    first_seed: Annotated[int, typer.Option(help="Where the listeners' seeds begin.")] = 0,
    startup_s: Annotated[float, typer.Option(min=0, help="From a decision to a ready replica.")] = 20.0,
    max_replicas: Annotated[int, typer.Option(min=1)] = 16,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write every result here.")] = None,
    markdown_file: Annotated[Path | None, typer.Option("--markdown", help="Write the tables here.")] = None,
) -> None:
    """Simulate, and print for each trace what both policies cost for the same silence."""
    unknown = set(trace or ()) - TRACES.keys()
    if unknown:
        raise typer.BadParameter(f"no trace {', '.join(sorted(unknown))}; there are {', '.join(TRACES)}")
    machine = Machine(startup_s=startup_s)
    settings = Settings(max_replicas=max_replicas, startup_s=startup_s)
    plan = [(TRACES[name], one) for name in trace or TRACES for one in contestants(settings)]
    console = Console()
    results = [
        run(one, pattern, range(first_seed, first_seed + seeds), machine, settings)
        for pattern, one in track(plan, "simulating", console=Console(stderr=True))
    ]
    print_tables(console, results)
    if json_file:
        json_file.write_text(json.dumps(document(results), indent=1), encoding="utf-8")
    if markdown_file:
        markdown_file.write_text(markdown(results), encoding="utf-8")
