"""Whether this replica is on its way out, which Serve tells nobody inside it."""

from __future__ import annotations

from typing import Any

import ray


def replica_is_leaving() -> bool:
    """Whether Serve has told this replica to go: it takes no more, and waits for those whom it serves."""
    worker: Any = ray.get_runtime_context().worker
    return bool(worker.actors[worker.actor_id]._replica_impl._shutting_down)
