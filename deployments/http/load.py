"""`/v1/load`: what this server does at the moment, for a person who looks at it. Metrics have the history."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from deployments.http.capacity import Capacity
from deployments.http.service import Service
from deployments.http.voices.opening import takes_uploads
from deployments.metrics.recent import WINDOW_S, percentile

if TYPE_CHECKING:
    from deployments.http.voices.desk import VoiceDesk


def load_routes(service: Service, desk: VoiceDesk | None) -> APIRouter:
    """Return the route, bound to the service whose state it tells."""
    router = APIRouter(tags=["Load"])

    @router.get("/v1/load")
    async def show_load() -> dict[str, Any]:
        """Tell who listens through this ingress, how much room there is, and what voices can be added.

        Deployments that sleep aren't woken.
        """
        return {
            "object": "load",
            **_listening(service),
            "deployments": [_told(capacity) for capacity in await service.capacity()],
            "cloning": {
                "models": list(desk.models) if desk is not None else [],
                "uploads": desk is not None and takes_uploads(service.args),
            },
        }

    return router


def _listening(service: Service) -> dict[str, Any]:
    now_s = time.monotonic()
    num_listeners, lowest_s = service.figures.listeners(now_s)
    ttfas_s = service.figures.recent_ttfa.values(now_s)
    return {
        "listeners": num_listeners,
        "lowest_headroom_s": _rounded(lowest_s),
        "ttfa": {
            "window_s": WINDOW_S,
            "count": len(ttfas_s),
            "p50_s": _rounded(percentile(ttfas_s, 0.5)),
            "p95_s": _rounded(percentile(ttfas_s, 0.95)),
        },
    }


def _told(capacity: Capacity) -> dict[str, Any]:
    return {
        "models": list(capacity.models),
        "replicas": capacity.num_replicas,
        "slots": capacity.num_slots,
        "open_streams": capacity.num_open,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
