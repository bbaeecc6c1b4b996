"""`/control`, by which anyone who reaches a GPT-SoVITS server ends it. Here it is off unless switched on."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request

from deployments.http.gpt_sovits.fields import text_of
from deployments.http.service import Service
from deployments.http.voices.origin import check_origin
from tts_core.errors import InvalidParameter, PolyvoxError


class ControlOff(PolyvoxError):
    """The server was asked to stop, and its configuration doesn't let requests do that."""

    code = "control_off"


def control_routes(service: Service) -> APIRouter:
    """Return the routes. `exit` ends the application: streams that run are heard to their ends, then it is
    gone until someone deploys it again. `restart` is refused: Serve itself replaces what fails, and
    `serve deploy` what is to change."""
    router = APIRouter(tags=["GPT-SoVITS"])

    @router.get("/control")
    async def get_control(request: Request, command: str = "") -> dict[str, str]:
        """End the application once its streams are heard, with `exit`, where that is allowed."""
        return _obey(service, request, command)

    @router.post("/control")
    async def post_control(request: Request, body: Annotated[dict[str, Any], Body()]) -> dict[str, str]:
        """The same as `GET /control`, with `command` in a JSON body."""
        return _obey(service, request, text_of("command", body.get("command")))

    return router


def _obey(service: Service, request: Request, command: str) -> dict[str, str]:
    if not service.args.control or service.end is None:
        raise ControlOff("/control is off on this server: `ingress.control: true` in its configuration is on")
    if request.state.key is None:
        check_origin(request.headers, service.args.cors_origins)
    if command == "restart":
        raise InvalidParameter(
            "restart isn't for requests: Ray Serve replaces what fails, and `serve deploy` what has changed",
            param="command",
        )
    if command != "exit":
        raise InvalidParameter(f"command must be exit, not {command!r}", param="command")
    service.end()
    return {"message": "success"}
