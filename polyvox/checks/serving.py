"""What `polyvox serve` would do, and whether it could."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deployments.config import EngineArgs
from polyvox.checks.check import Check, error, ok, warning
from polyvox.checks.devices import Gpus
from polyvox.ports import is_free
from polyvox.settings import find_config
from tts_core.errors import PolyvoxError

DEFAULT_ADDRESS = ("127.0.0.1", 8000)
PING_TIMEOUT_S = 2.0

_PORTS_TRIED = 20


@dataclass(frozen=True)
class Plan:
    """The configuration that would be served, or why none can be."""

    path: Path | None = None
    address: tuple[str, int] = DEFAULT_ADDRESS
    engines: tuple[EngineArgs, ...] = ()
    trouble: str | None = None


def make_plan(config: Path | None) -> Plan:
    """Load what `polyvox serve` would load."""
    try:
        path = find_config(config)
        from deployments.config_file import load_config

        loaded = load_config(path)
    except PolyvoxError as failure:
        return Plan(trouble=failure.message)
    engines = tuple(engine for args in loaded.apps.values() for engine in args.engines)
    return Plan(path, (loaded.host, loaded.port), engines)


def check_config(planned: Plan) -> Check:
    if planned.trouble:
        return error("configuration", planned.trouble)
    if not planned.engines:
        return warning("configuration", f"{planned.path} is valid, but has no Polyvox application")
    return ok("configuration", f"{planned.path} is valid")


def check_port(planned: Plan) -> Check:
    host, port = planned.address
    if is_free(host, port):
        return ok("port", f"{port} on {host} is free")
    if _answers_ping(host, port):
        return warning("port", f"{port} on {host}: a Polyvox server is already running there")
    free = next((other for other in range(port + 1, port + _PORTS_TRIED) if is_free(host, other)), None)
    advice = f"; {free} is free: set http_options.port" if free else ""
    return error("port", f"{port} on {host} is taken by another program{advice}")


def check_command(planned: Plan, gpus: Gpus) -> Check:
    if planned.trouble:
        return error("would run", "nothing: the configuration can't be used")
    has_gpu = bool(gpus.names)
    stuck = [engine.name for engine in planned.engines if engine.replica.device == "gpu" and not has_gpu]
    if stuck:
        return error(
            "would run",
            f"{', '.join(stuck)}: device is gpu, and there is no GPU; replicas would wait for ever",
        )
    engines = "; ".join(_describe(engine, has_gpu=has_gpu) for engine in planned.engines)
    return ok("would run", f"serve run {planned.path} -> {engines or 'no engine'}")


def _describe(engine: EngineArgs, *, has_gpu: bool) -> str:
    replica = engine.replica
    on_gpu = replica.device == "gpu" or (replica.device == "auto" and has_gpu)
    device = f"{replica.gpus:g} GPU and {replica.cpus:g} CPU" if on_gpu else f"{replica.cpus:g} CPU"
    bounds = replica.autoscaling
    return (
        f"{engine.name} ({engine.kind}), {bounds.min_replicas} to {bounds.max_replicas} replicas of {device}"
    )


def _answers_ping(host: str, port: int) -> bool:
    import httpx

    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    try:
        answer = httpx.get(f"http://{reachable}:{port}/ping", timeout=PING_TIMEOUT_S, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK and answer.text == '"pong"'
