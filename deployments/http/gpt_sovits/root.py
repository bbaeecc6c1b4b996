"""The dialects that speak at `/`: api.py's, and those of SillyTavern's GPT-SoVITS-V2 and adapter.

A browser that opens `/` gets the page; a `GET` whose query has one of api.py's parameters is a request to
speak. In a streamed Ogg the whole body is one file here: SillyTavern plays it when all of it is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import FileResponse, Response

from deployments.http.errors import ERROR_RESPONSES
from deployments.http.gpt_sovits.fields import SpeakRequest, checked
from deployments.http.gpt_sovits.paths import speaks_at_root
from deployments.http.gpt_sovits.speaking import FORMATS, Speaking
from tts_core.audio.formats import AudioFormat

# SILK, which the adapter makes for chat programs, is in none of the libraries here: it is refused by name.
_FORMATS = {
    **FORMATS,
    "mp3": AudioFormat.MP3,
    "flac": AudioFormat.FLAC,
    "auto": AudioFormat.MP3,
}
_LISTS = frozenset({"inp_refs", "aux_ref_audio_paths"})


def root_routes(speaking: Speaking, page: Path) -> APIRouter:
    """Return the routes.

    Args:
        speaking: what answers them.
        page: the file that browsers get.
    """
    router = APIRouter(tags=["GPT-SoVITS"])

    @router.post(
        "/",
        response_class=Response,
        responses={**ERROR_RESPONSES, 200: {"description": "The audio."}},
    )
    async def post_root(body: Annotated[dict[str, Any], Body()], request: Request) -> Response:
        """Speak, as GPT-SoVITS's `api.py` and SillyTavern's servers do."""
        return await speaking.answer(checked(SpeakRequest, body), request, _FORMATS)

    @router.get("/", include_in_schema=False)
    async def get_root(request: Request) -> Response:
        if not speaks_at_root(request.scope):
            return FileResponse(page)
        query = request.query_params
        values = {name: query.getlist(name) if name in _LISTS else query[name] for name in query}
        return await speaking.answer(checked(SpeakRequest, values), request, _FORMATS)

    @router.head("/", include_in_schema=False)
    async def head_root() -> Response:
        return FileResponse(page)

    return router
