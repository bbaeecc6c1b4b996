"""The voices, as ElevenLabs' clients list them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from deployments.http.service import Service


def listing_routes(service: Service) -> APIRouter:
    """Return the routes, bound to the service that knows the voices."""
    router = APIRouter(tags=["ElevenLabs"])

    @router.get("/v1/voices")
    async def list_voices() -> dict[str, Any]:
        """List what a request may name as its voice, aliases first."""
        return {"voices": await _voices(service)}

    @router.get("/v2/voices")
    async def search_voices(search: Annotated[str, Query(max_length=200)] = "") -> dict[str, Any]:
        """List voices whose id or name has `search` in it: all on one page, whatever its size is to be."""
        wanted = search.casefold()
        voices = [
            voice
            for voice in await _voices(service)
            if wanted in voice["voice_id"].casefold() or wanted in voice["name"].casefold()
        ]
        return {
            "voices": voices,
            "has_more": False,
            "total_count": len(voices),
            "next_page_token": None,
        }

    return router


async def _voices(service: Service) -> list[dict[str, Any]]:
    return [_described(voice) for voice in await service.voices()]


def _described(voice: dict[str, Any]) -> dict[str, Any]:
    return {
        "voice_id": voice["id"],
        "name": voice["name"],
        "category": "cloned" if voice.get("recordings") else "premade",
        "labels": {name: voice[name] for name in ("language", "model") if voice.get(name)},
    }
