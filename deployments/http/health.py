"""Whether the server is there, and whether it would speak."""

from __future__ import annotations

from fastapi import APIRouter

from deployments.http.service import Service


def health_routes(service: Service) -> APIRouter:
    """Return the routes, bound to the service whose state they tell."""
    router = APIRouter(tags=["Health"])

    @router.head("/ping", include_in_schema=False)
    @router.get("/ping")
    async def ping() -> str:
        """Answer while the ingress lives: what GPT-SoVITS's clients ask before they begin."""
        return "pong"

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Answer while the ingress lives."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> dict[str, str]:
        """Answer 200 when a request would be spoken, 503 with the reason when not."""
        await service.source.check_ready()
        return {"status": "ready"}

    return router
