"""Errors in the shape that each dialect's clients read. The one place where codes become HTTP statuses."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from deployments.http.elevenlabs.paths import is_elevenlabs
from deployments.http.gpt_sovits.paths import is_gpt_sovits
from tts_core.errors import (
    InvalidParameter,
    MalformedBody,
    MissingDependency,
    PolyvoxError,
    SetupError,
    VoiceDamaged,
)

logger = logging.getLogger(__name__)

STATUS_OF_CODE = {
    "malformed_body": 400,
    "body_too_large": 413,
    "empty_input": 400,
    "input_too_long": 400,
    "invalid_parameter": 400,
    "unsupported_format": 400,
    "unsupported_language": 400,
    "invalid_voice": 400,
    "voice_exists": 409,
    "no_voice_store": 404,
    "uploads_disabled": 403,
    "voice_limit_reached": 403,
    "not_your_voice": 403,
    "foreign_origin": 403,
    "voice_store_read_only": 403,
    "voice_store_failed": 503,
    "voice_store_full": 507,
    "unsupported_media_type": 415,
    "body_timeout": 408,
    "unknown_voice": 404,
    "unknown_model": 404,
    "unknown_speech": 404,
    "speech_changed": 409,
    "offset_beyond_end": 416,
    "missing_api_key": 401,
    "invalid_api_key": 401,
    "insufficient_scope": 403,
    "control_off": 403,
    "invalid_link": 403,
    "rate_limit_exceeded": 429,
    "overloaded": 429,
    "engine_stopped": 503,
    "engine_poisoned": 503,
    "stream_interrupted": 503,
}

ERROR_CODE = "X-Error-Code"
"""Header: the stable code of the error that an answer tells, whatever the shape of its body."""

_KIND = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "permission_error",
    404: "invalid_request_error",
    409: "invalid_request_error",
    408: "invalid_request_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    416: "invalid_request_error",
}


ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request can't be spoken as it is; `code` says why."},
    401: {"description": "The server asks for an API key, and there was none, or not one of its own."},
    403: {"description": "The API key isn't good for this route."},
    404: {"description": "No such voice or model."},
    409: {"description": "What is to go on would go on otherwise: model, voice or request have changed."},
    413: {"description": "The body is too large."},
    416: {"description": "The speech that is to go on ends before that sample."},
    429: {
        "description": "Every slot is taken (`overloaded`), or the key has used up what it may use "
        "(`rate_limit_exceeded`); `Retry-After` says when to come back."
    },
    503: {"description": "No replica can speak at the moment."},
}


def route_of(scope: Scope) -> str:
    """Return the path as the router sees it: without the prefix that the application is served under."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def http_status(error: PolyvoxError, path: str = "") -> int:
    """Return the status for a code; what isn't listed is the server's fault.

    GPT-SoVITS's clients know 400 for whatever a request names that isn't there.
    """
    status = STATUS_OF_CODE.get(error.code, 500)
    return 400 if status == 404 and is_gpt_sovits(path) else status


def openai_body(error: PolyvoxError) -> dict[str, Any]:
    """Return the OpenAI error object."""
    return _body("", without_places(error))


def _body(path: str, error: PolyvoxError) -> dict[str, Any]:
    """Say an error, which names nothing of the operator's, in the dialect that the path belongs to."""
    status = http_status(error)
    kind = "rate_limit_error" if status == 429 else _KIND.get(status, "server_error")
    return _said(path, error.message, error.code, kind, error.param)


def _said(path: str, message: str, code: str, kind: str, param: str | None = None) -> dict[str, Any]:
    if is_gpt_sovits(path):
        return {"message": message, "Exception": code}
    if is_elevenlabs(path):  # some of its clients read `status`, some `code`
        return {"detail": {"status": code, "code": code, "message": message}}
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_response(error: PolyvoxError, path: str) -> Response:
    """Answer in the dialect that the path belongs to. 429 and 503 say when to come back."""
    body = _body(path, without_places(error))
    status = http_status(error, path)
    headers = {ERROR_CODE: error.code}
    if status in (429, 503):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s or 1)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(_dump(body), status, headers, media_type="application/json")


def without_places(error: PolyvoxError) -> PolyvoxError:
    """Return the error without the files that it names, where they are the operator's: the log has them."""
    if not isinstance(error, (SetupError, VoiceDamaged)) or isinstance(error, MissingDependency):
        return error
    logger.error("%s: %s", error.code, error.message)
    told = "what is kept of this voice" if isinstance(error, VoiceDamaged) else "this server's setup"
    return type(error)(f"{told} is wrong; the server's log says how", retry_after_s=error.retry_after_s)


def from_http(error: HTTPException, path: str) -> Response:
    """Answer for a route that doesn't exist, a method it lacks, or a body that isn't text."""
    if isinstance(error.__cause__, PolyvoxError):
        # FastAPI takes whatever goes wrong while a body is read for a bad body.
        return error_response(error.__cause__, path)
    if error.status_code == 400:
        return error_response(MalformedBody(f"the body must be JSON in UTF-8: {error.detail}"), path)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
    message = str(error.detail)
    body = _said(path, message, code, "invalid_request_error")
    headers = {**(error.headers or {}), ERROR_CODE: code}
    return Response(_dump(body), error.status_code, headers, media_type="application/json")


def from_validation(error: RequestValidationError) -> PolyvoxError:
    """Turn the first of FastAPI's findings into one sentence about one parameter."""
    return from_findings(error.errors())


def from_findings(findings: Sequence[Mapping[str, Any]]) -> PolyvoxError:
    """Turn the first of pydantic's findings into one sentence about one parameter."""
    first = findings[0]
    location = [str(part) for part in first["loc"] if part not in ("body", "query")]
    if first["type"] in ("json_invalid", "model_attributes_type", "dict_type") and not _is_name(location):
        return MalformedBody(f"the body must be a JSON object: {first['msg']}")
    # What follows the name says which member of a union was tried.
    param = location[0] if location else None
    if param is None:
        return MalformedBody(f"a JSON body is required: {first['msg']}")
    return InvalidParameter(f"{param}: {first['msg']}", param=param)


def _is_name(location: list[str]) -> bool:
    return any(not part.isdigit() for part in location)


def _dump(body: dict[str, Any]) -> bytes:
    # A message may quote a lone surrogate from the request; escaped JSON carries it, UTF-8 would not.
    return json.dumps(body, ensure_ascii=True).encode("ascii")
