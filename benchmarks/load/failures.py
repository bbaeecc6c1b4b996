"""Names for what goes wrong, so that failures can be counted by code.

A server's own code is taken from an OpenAI-shaped body (`error.code`). An api_v2 body has no field for one:
`Exception` is taken where it reads like a code, else `message` has to do. The generator's own codes:

    http_<status>       a refusal whose body names no code
    connect_failed, connect_timeout, read_timeout, connection_lost (before the first body byte)
    truncated           the body ended before the audio did
    undecodable, no_audio, silent     a 200 that can't be heard
    interrupted         the run was stopped
    generator_error     a fault of this program, never of the server
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, NamedTuple

import aiohttp

from benchmarks.load.decoding import UndecodableAudio

_LONGEST_CODE = 60
_CODE = re.compile("[a-z0-9]+(_[a-z0-9]+)+")
_LONGEST_MESSAGE = 300


class Failure(NamedTuple):
    """A code to count by and a message to read."""

    code: str
    message: str


def from_body(status: int, body: bytes) -> Failure:
    """Name a refusal by its status and body."""
    plain = f"http_{status}"
    try:
        parsed = json.loads(body)
    except (UnicodeDecodeError, ValueError):
        return _failure(plain, body.decode("utf-8", "replace"))
    if not isinstance(parsed, dict):
        return _failure(plain, str(parsed))
    if "error" in parsed:
        return _from_openai(plain, parsed["error"])
    if "message" in parsed:
        return _from_api_v2(plain, str(parsed["message"]), str(parsed.get("Exception") or ""))
    return _failure(plain, str(parsed.get("detail", parsed)))


def from_exception(error: Exception, *, has_bytes: bool) -> Failure:
    """Name a failed exchange; `has_bytes` says whether any body byte had arrived."""
    message = f"{type(error).__name__}: {error}"
    if isinstance(error, UndecodableAudio):
        return _failure("undecodable", str(error))
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return _failure("connect_timeout", message)
    if isinstance(error, asyncio.TimeoutError):  # not the builtin before Python 3.11
        return _failure("read_timeout", message)
    if isinstance(error, aiohttp.ClientConnectorError):
        return _failure("connect_failed", message)
    if isinstance(error, (aiohttp.ClientError, OSError)):
        return _failure("truncated" if has_bytes else "connection_lost", message)
    return _failure("generator_error", message)


def _from_api_v2(plain: str, message: str, detail: str) -> Failure:
    code = detail if _CODE.fullmatch(detail) else message or plain
    return _failure(code, f"{message}: {detail}" if detail else message)


def _from_openai(plain: str, error: Any) -> Failure:
    if not isinstance(error, dict):
        return _failure(plain, str(error))
    code = error.get("code") or error.get("type") or plain
    return _failure(str(code), str(error.get("message", "")))


def _failure(code: str, message: str) -> Failure:
    return Failure(code[:_LONGEST_CODE], message[:_LONGEST_MESSAGE])
