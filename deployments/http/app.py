"""The FastAPI application: routes, middleware and error handlers put together."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from deployments.http.authentication import Authentication
from deployments.http.body_limit import BodyLimit
from deployments.http.elevenlabs.routes import elevenlabs_routes
from deployments.http.errors import ERROR_CODE, error_response, from_http, from_validation, route_of
from deployments.http.gpt_sovits.routes import gpt_sovits_routes
from deployments.http.gpt_sovits.sessions import SessionPath
from deployments.http.health import health_routes
from deployments.http.load import load_routes
from deployments.http.observed import Observed
from deployments.http.openai import openai_routes
from deployments.http.request_id import RequestId
from deployments.http.resumption import TOLD
from deployments.http.service import Service
from deployments.http.speech_response import NUM_DROPPED, BrokenOff
from deployments.http.voices.routes import voices_routes
from deployments.keys.key_ring import KeyRing
from deployments.metrics.listening import IngressFigures
from deployments.websocket.routes import live_text_routes
from tts_core import __version__
from tts_core.errors import PolyvoxError

if TYPE_CHECKING:
    from deployments.http.voices.desk import VoiceDesk

PAGE = Path(__file__).parent.parent / "page"

logger = logging.getLogger(__name__)


class _Polyvox(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Describe all routes, without FastAPI's 422 on every one: here an invalid parameter is 400.

        Made when somebody asks: it takes longer than all else that the application is made of.
        """
        schema = super().openapi()
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
        return schema


def create_app(service: Service, desk: VoiceDesk | None = None) -> FastAPI:
    """Return the application that answers with `service`, and keeps voices at `desk`.

    Raises:
        InvalidConfig: the file of keys can't be read.
    """
    args = service.args
    ring = KeyRing(Path(args.keys).expanduser()) if args.keys is not None else None
    app = _Polyvox(title="Polyvox", version=__version__, redoc_url=None)
    app.state.ring = ring
    for router in (
        openai_routes(service),
        gpt_sovits_routes(service, PAGE / "index.html"),
        elevenlabs_routes(service),
        health_routes(service),
        voices_routes(service, desk),
        load_routes(service, desk),
        live_text_routes(service),
    ):
        app.router.routes.extend(router.routes)  # to include a router would make every route once more
    _add_page(app)
    _add_error_handlers(app, service.figures)
    # The last one added sees a request first: a preflight carries no key, and pages may read a refusal.
    app.add_middleware(Authentication, ring=ring, public_voices=args.public_voices)
    if args.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=args.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=[*TOLD, NUM_DROPPED, ERROR_CODE, "X-Request-Id", "Retry-After"],
        )
    app.add_middleware(BodyLimit, max_bytes=args.limits.max_body_bytes, timeout_s=args.limits.body_timeout_s)
    app.add_middleware(SessionPath)
    app.add_middleware(Observed, figures=service.figures, tracing=service.tracing)
    app.add_middleware(RequestId)
    return app


def _add_page(app: FastAPI) -> None:
    app.mount("/page", StaticFiles(directory=PAGE), name="page")


def _add_error_handlers(app: FastAPI, figures: IngressFigures) -> None:
    @app.exception_handler(PolyvoxError)
    async def known(request: Request, error: PolyvoxError) -> Response:
        return error_response(error, route_of(request.scope))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return error_response(from_validation(error), route_of(request.scope))

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> Response:
        return from_http(error, route_of(request.scope))

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        if not isinstance(error, BrokenOff):  # which has told what was wrong: see `SpeechResponse`
            logger.exception("request %s failed", request.state.request_id, exc_info=error)
            figures.told(PolyvoxError.code)  # answered outside of all middleware
        failure = PolyvoxError("the server failed; its log says why")
        return error_response(failure, route_of(request.scope))
