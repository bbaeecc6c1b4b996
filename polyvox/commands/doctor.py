"""`polyvox doctor`: what is here, and what would run."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyvox.console import out
from polyvox.settings import CONFIG_NAME

if TYPE_CHECKING:
    from polyvox.checks.check import Check

_STYLES = {"ok": ("green", "✓"), "warning": ("yellow", "!"), "error": ("red", "✗")}


def doctor(
    config: Annotated[
        Path | None,
        typer.Argument(
            help=f"The configuration. [default: ./{CONFIG_NAME}, else the built-in one]", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what is installed, which devices there are, and what would run."""
    findings = examine(config)
    healthy = all(finding.level != "error" for finding in findings)
    if as_json:
        report = {"ok": healthy, "checks": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print_lines(findings)
    if not healthy:
        raise typer.Exit(1)


def examine(config: Path | None) -> list[Check]:
    """Make every check and return the findings in the order in which to read them."""
    from polyvox.checks import devices, models, serving, software, weights
    from polyvox.checks.check import guarded

    with ThreadPoolExecutor(1) as pool:
        gpus = pool.submit(devices.find_gpus).result  # torch takes its seconds while the rest is looked at
        plan = cache(lambda: serving.make_plan(config))
        checks: dict[str, Callable[[], Check]] = {
            "Python": software.check_python,
            "Ray Serve": software.check_ray,
            "HAProxy": software.check_haproxy,
            "espeak-ng": software.check_espeak,
            "PyAV": software.check_codecs,
            "torch": software.check_torch,
            "weights": weights.check_weights,
            "G2PW": weights.check_g2pw,
            "configuration": lambda: serving.check_config(plan()),
            "models": lambda: models.check_models(plan()),
            "port": lambda: serving.check_port(plan()),
            "CPU": lambda: devices.check_cpu(gpus()),
            "GPU": lambda: devices.check_gpus(gpus()),
            "would run": lambda: serving.check_command(plan(), gpus()),
        }
        return [guarded(name, check) for name, check in checks.items()]


def _print_lines(findings: list[Check]) -> None:
    from rich.text import Text

    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        style, mark = _STYLES[finding.level.value]
        line = Text.assemble((mark, f"bold {style}"), f" {finding.name:{width}}  ", (finding.detail, style))
        out.print(line, soft_wrap=True)
