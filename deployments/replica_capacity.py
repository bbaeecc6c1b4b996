"""How much room there is behind Serve handles, asked at most once a second, and of those who are awake."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from ray.serve.handle import DeploymentHandle

from deployments.http.capacity import Capacity
from deployments.transport import over_grpc, running_replicas

MAX_AGE_S = 1.0
PATIENCE_S = 0.5

logger = logging.getLogger(__name__)


class ReplicaCapacity:
    """Tells the capacity of each deployment. One per ingress, however many pages ask it.

    Args:
        handles: deployment of each model by name.
    """

    def __init__(self, handles: Mapping[str, DeploymentHandle[Any]]) -> None:
        models: dict[str, list[str]] = {}
        by_name: dict[str, DeploymentHandle[Any]] = {}
        for model, handle in handles.items():
            models.setdefault(handle.deployment_name, []).append(model)
            by_name.setdefault(handle.deployment_name, over_grpc(handle))
        self._deployments = [(tuple(models[name]), handle) for name, handle in by_name.items()]
        self._told: tuple[Capacity, ...] = ()
        self._told_at_s = -MAX_AGE_S
        self._asking = asyncio.Lock()

    async def __call__(self) -> tuple[Capacity, ...]:
        async with self._asking:
            if time.monotonic() - self._told_at_s >= MAX_AGE_S:
                asked = (_ask(models, handle) for models, handle in self._deployments)
                self._told = tuple(await asyncio.gather(*asked))
                self._told_at_s = time.monotonic()
            return self._told


async def _ask(models: tuple[str, ...], handle: DeploymentHandle[Any]) -> Capacity:
    num_replicas = len(running_replicas(handle))
    if not num_replicas:  # a request would start one
        return Capacity(models, 0)
    response = handle.stats.remote()
    try:
        stats = await asyncio.wait_for(response, PATIENCE_S)
    except Exception as error:  # whatever it is, it is only about figures
        response.cancel()  # type: ignore[no-untyped-call]
        logger.debug("no figures of %s: %r", models, error)
        return Capacity(models, num_replicas)
    return Capacity(
        models, num_replicas, stats.num_slots * num_replicas, stats.num_open if num_replicas == 1 else None
    )
