"""One harm each."""

from __future__ import annotations

from benchmarks.chaos.scenario import Scenario
from benchmarks.chaos.scenarios import (
    clients,
    clock,
    controller,
    disk,
    node,
    proxy,
    replica,
    stopped,
    update,
    weights,
)

SCENARIOS: dict[str, Scenario] = {
    "replica": replica.once,
    "replicas": replica.again_and_again,
    "stopped": stopped.for_good,
    "paused": stopped.for_a_while,
    "controller": controller.run,
    "haproxy": proxy.haproxy,
    "serve-proxy": proxy.serve_proxy,
    "node": node.killed,
    "node-stopped": node.stopped,
    "disk": disk.run,
    "weights": weights.run,
    "clients": clients.run,
    "clock": clock.run,
    "update": update.rolling,
    "scale-down": update.scale_down,
}
