"""`api_v2`: `GET` and `POST /tts`. A streamed Ogg is one whole file in each chunk: its clients open each.

GSVI's `GET /tts?cha_name=...` is the same route in other words (see `fields`).
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from deployments.http.errors import ERROR_RESPONSES
from deployments.http.gpt_sovits.fields import SpeakRequest
from deployments.http.gpt_sovits.speaking import Speaking


def api_v2_routes(speaking: Speaking) -> APIRouter:
    """Return the routes, bound to what answers them."""
    router = APIRouter(tags=["GPT-SoVITS"])
    options: dict[str, Any] = {
        "response_class": Response,
        "responses": {**ERROR_RESPONSES, 200: {"description": "The audio."}},
    }

    @router.post("/tts", **options)
    async def post_tts(body: SpeakRequest, request: Request) -> Response:
        """Speak, as GPT-SoVITS's `api_v2.py` does; GSVI's words for the parameters are taken as well."""
        return await speaking.answer(body, request, file_per_chunk=True)

    @router.get("/tts", **options)
    async def get_tts(query: Annotated[SpeakRequest, Query()], request: Request) -> Response:
        """Speak what the query says, as `POST /tts` does."""
        return await speaking.answer(query, request, file_per_chunk=True)

    return router
