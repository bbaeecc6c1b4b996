"""What the replicas on this machine hold in memory."""

from __future__ import annotations

import psutil

_MIB = 2**20


def replicas_mib() -> dict[int, float]:
    """Return each Serve replica's resident memory in MiB, by process id.

    Ray names a replica's process after its actor: `ray::ServeReplica:<application>:<deployment>`. Pages that
    are shared count in every process that has them.
    """
    held: dict[int, float] = {}
    for process in psutil.process_iter(["cmdline", "memory_info"]):
        if any("ServeReplica:" in word for word in process.info["cmdline"] or ()):
            held[process.pid] = round(process.info["memory_info"].rss / _MIB, 1)
    return held
