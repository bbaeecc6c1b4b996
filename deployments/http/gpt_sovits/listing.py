"""The voices, as SillyTavern's three providers list them."""

from __future__ import annotations

from fastapi import APIRouter

from deployments.http.service import Service


def listing_routes(service: Service) -> APIRouter:
    """Return the routes, bound to the service that knows the voices."""
    router = APIRouter(tags=["GPT-SoVITS"])

    @router.get("/speakers")
    async def speakers() -> list[dict[str, str]]:
        """List voices as the GPT-SoVITS-V2 provider and the adapter read them."""
        return [{"name": name, "voice_id": name} for name in await _names(service)]

    @router.get("/character_list")
    async def character_list() -> dict[str, list[str]]:
        """List voices as GSVI's clients read them. A voice has one mood; others are ignored in requests."""
        return {name: ["default"] for name in await _names(service)}

    return router


async def _names(service: Service) -> list[str]:
    return list(dict.fromkeys(voice["id"] for voice in await service.voices()))
