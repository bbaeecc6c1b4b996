#!/usr/bin/env python3
"""`polyvox-drain SECONDS`: the preStop hook of a worker. Returns when nobody listens through this pod.

Tells Ray that the node is going, so that Serve starts replacements elsewhere, sends no one new here and lets
the streams of this node's replicas end; then waits for them, and for the streams that only pass through this
node's HAProxy. Without it, deleting a pod cuts both. Knows only what this pod's kernel and metrics tell.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HTTP_PORT = 8000
METRICS_URL = "http://127.0.0.1:8080/metrics"
POLL_S = 2.0

# Replicas stay where nobody can take their place, as when the whole cluster is being deleted. Metrics are up
# to 10 s old, and a replica may be asked once more while its replacement starts.
QUIET_FOR_S = 60.0

_ESTABLISHED = "01"
_PROCESSING = re.compile(r"^ray_serve_replica_processing_queries\{[^}]*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Activity:
    """What goes on in this pod.

    Attributes:
        num_connections: to HAProxy, listeners' and gateways'.
        num_replicas: that run here.
        num_streams: that the replicas speak or carry; None where the metrics don't tell.
    """

    num_connections: int
    num_replicas: int
    num_streams: float | None

    @property
    def is_over(self) -> bool:
        """Nobody is connected, and no replica is left that could be asked."""
        return self.num_connections == 0 and self.num_replicas == 0

    @property
    def is_quiet(self) -> bool:
        """Nobody is connected, and the replicas do nothing."""
        return self.num_connections == 0 and self.num_streams == 0


def wait_until_quiet(
    observe: Callable[[], Activity],
    deadline_s: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Watch until all is over, or quiet for `QUIET_FOR_S`.

    Returns whether that was before `deadline_s` seconds had passed.
    """
    start = quiet_since = clock()
    while (now := clock()) - start < deadline_s:
        activity = observe()
        if not activity.is_quiet:
            quiet_since = now
        if activity.is_over or now - quiet_since >= QUIET_FOR_S:
            return True
        sleep(POLL_S)
    return False


def tell_ray(deadline_s: float) -> None:
    """Have the cluster take this node's work elsewhere.

    Raises:
        LookupError: no raylet runs here.
        OSError, subprocess.SubprocessError: Ray doesn't answer, or refuses.
    """
    node = ["--node-id", node_id(_command_lines())]
    reason = ["--reason", "DRAIN_NODE_REASON_PREEMPTION", "--reason-message", "the pod is being deleted"]
    deadline = ["--deadline-remaining-seconds", str(int(deadline_s))]
    subprocess.run(["ray", "drain-node", *node, *reason, *deadline], check=True, timeout=60)


def node_id(command_lines: Iterable[list[str]]) -> str:
    """Return the id that Ray gave this node, which the raylet was started with.

    Asking Ray itself would take a driver: seconds, and memory that a full pod may not have.

    Raises:
        LookupError: no raylet runs here.
    """
    for name, *arguments in command_lines:
        if name.endswith("/raylet"):
            for argument in arguments:
                if argument.startswith("--node_id="):
                    return argument.removeprefix("--node_id=")
    raise LookupError("no raylet runs here")


def look_around() -> Activity:
    """Return what the kernel and Ray's metrics tell of this pod."""
    tables = [path.read_text() for name in ("tcp", "tcp6") if (path := Path("/proc/net", name)).exists()]
    return Activity(
        num_connections=sum(established(table, HTTP_PORT) for table in tables),
        num_replicas=sum(name.startswith("ray::ServeReplica") for name, *_ in _command_lines()),
        num_streams=_streams(),
    )


def established(table: str, port: int) -> int:
    """Count the connections to a local port in the text of /proc/net/tcp."""
    rows = (line.split() for line in table.splitlines()[1:])
    return sum(row[1].endswith(f":{port:04X}") and row[3] == _ESTABLISHED for row in rows)


def streams(metrics: str) -> float:
    """Add up what the replicas of this node are busy with, from Ray's metrics in Prometheus' text format."""
    return sum(float(value) for value in _PROCESSING.findall(metrics))


def _streams() -> float | None:
    try:
        with urllib.request.urlopen(METRICS_URL, timeout=5) as answer:
            return streams(answer.read().decode())
    except OSError:
        return None


def _command_lines() -> Iterator[list[str]]:
    """Yield the command line of every process of this pod."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            yield (process / "cmdline").read_text(errors="replace").split("\0")


def main() -> int:
    """Drain this node, within as many seconds as the first argument says."""
    deadline_s = float(sys.argv[1])
    try:
        tell_ray(deadline_s)
    except (LookupError, OSError, subprocess.SubprocessError) as error:
        # No head, no migration; what is connected here may still end in peace.
        print(f"polyvox-drain: Ray can't be told: {error}", file=sys.stderr)
    if wait_until_quiet(look_around, deadline_s):
        return 0
    print(f"polyvox-drain: somebody still listens after {deadline_s:g} s", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
