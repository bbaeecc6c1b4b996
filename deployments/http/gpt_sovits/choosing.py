"""Routes that choose for a session's later requests: see `sessions` for whose a session is.

What is chosen is looked up at once, so that a wrong name is told of now; no weights are loaded, no file is
opened, and nobody who listens hears any of it. Two halves of a pair come one after the other, so whether they
belong together is asked when something is to be spoken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request

from deployments.http.gpt_sovits.fields import Path, text_of
from deployments.http.gpt_sovits.sessions import check_may_choose, session_of
from deployments.http.gpt_sovits.speaking import Speaking
from deployments.http.voices.origin import check_origin
from tts_core.errors import InvalidParameter

Json = Annotated[dict[str, Any], Body()]
Answer = dict[str, str | int]


def choosing_routes(speaking: Speaking) -> APIRouter:
    """Return the routes, bound to what knows the models and the voices."""
    router = APIRouter(tags=["GPT-SoVITS"])

    @router.get("/set_gpt_weights")
    async def set_gpt_weights(request: Request, weights_path: Path = "") -> Answer:
        """Choose a model, by its name or its file's, for later requests of the same session."""
        return await _choose(speaking, request, {"gpt_weights": _needed("weights_path", weights_path)})

    @router.get("/set_sovits_weights")
    async def set_sovits_weights(request: Request, weights_path: Path = "") -> Answer:
        """Choose a model by its SoVITS weights, as `/set_gpt_weights` does by its GPT weights."""
        return await _choose(speaking, request, {"sovits_weights": _needed("weights_path", weights_path)})

    @router.get("/set_refer_audio")
    async def set_refer_audio(request: Request, refer_audio_path: Path = "") -> Answer:
        """Choose a voice for later requests of the same session that name none."""
        path = _needed("refer_audio_path", refer_audio_path)
        # Another recording says something else.
        return await _choose(
            speaking, request, {"ref_audio_path": path, "prompt_text": "", "prompt_lang": ""}
        )

    _add_api_py(router, speaking)
    return router


def _add_api_py(router: APIRouter, speaking: Speaking) -> None:
    """Add api.py's, which are the same in its own words."""

    async def set_model(request: Request, values: Mapping[str, Any]) -> Answer:
        given = {"gpt_weights": "gpt_model_path", "sovits_weights": "sovits_model_path"}
        return await _choose(speaking, request, _given(values, given))

    async def change_refer(request: Request, values: Mapping[str, Any]) -> Answer:
        given = {
            "ref_audio_path": "refer_wav_path",
            "prompt_text": "prompt_text",
            "prompt_lang": "prompt_language",
        }
        return await _choose(speaking, request, _given(values, given))

    @router.post("/set_model")
    async def post_set_model(request: Request, body: Json) -> Answer:
        """Choose weights as api.py does: `gpt_model_path` and `sovits_model_path`."""
        return await set_model(request, body)

    @router.get("/set_model")
    async def get_set_model(request: Request) -> Answer:
        """The same as `POST /set_model`, from the query."""
        return await set_model(request, request.query_params)

    @router.post("/change_refer")
    async def post_change_refer(request: Request, body: Json) -> Answer:
        """Choose a voice as api.py does: `refer_wav_path`, `prompt_text` and `prompt_language`."""
        return await change_refer(request, body)

    @router.get("/change_refer")
    async def get_change_refer(request: Request) -> Answer:
        """The same as `POST /change_refer`, from the query."""
        return await change_refer(request, request.query_params)


async def _choose(speaking: Speaking, request: Request, changes: dict[str, str]) -> Answer:
    service, session = speaking.service, session_of(request)
    check_may_choose(session, service.args.open_to_all)
    if request.state.key is None:
        check_origin(request.headers, service.args.cors_origins)
    for part in ("gpt", "sovits"):
        if path := changes.get(f"{part}_weights"):
            speaking.models.check(path, part)
    if path := changes.get("ref_audio_path"):
        await speaking.references.find_listed(path)
    await service.sessions.change(session, changes)
    # api_v2's clients read the message, api.py's the code.
    return {"message": "success", "code": 0}


def _needed(name: str, value: str) -> str:
    if not value.strip():
        raise InvalidParameter(f"{name} is required", param=name)
    return value


def _given(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Return what is given of a session's choice. Raises InvalidParameter where nothing is."""
    given = {ours: text_of(theirs, values.get(theirs)) for ours, theirs in names.items()}
    if not any(given.values()):
        raise InvalidParameter(f"one of {', '.join(names.values())} is required")
    return {name: value for name, value in given.items() if value}
