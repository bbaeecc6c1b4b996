"""Whether this replica is on its way out, which Serve tells nobody inside it."""

from __future__ import annotations

import functools
import logging
from typing import Any

import ray

logger = logging.getLogger(__name__)


def replica_is_leaving() -> bool:
    """Whether Serve has told this replica to go: it takes no more, and waits for those whom it serves.

    Where a release of Ray keeps that elsewhere, the log says so once: connections then end when they are old.
    """
    worker: Any = ray.get_runtime_context().worker
    try:
        return bool(worker.actors[worker.actor_id]._replica_impl._shutting_down)
    except (AttributeError, KeyError) as error:
        _complain(repr(error))
        return False


@functools.cache
def _complain(error: str) -> None:
    logger.error("Ray doesn't tell whether this replica is leaving: %s", error)
