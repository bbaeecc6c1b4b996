"""What an upload holds, from a form or from JSON."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from deployments.http.voices.errors import MediaTypeUnsupported
from tts_core.errors import InvalidParameter, MalformedBody, PolyvoxError

# The first is OpenAI's, where it has one; the others are what clients of other servers send.
NAMES = {
    "name": ("name",),
    "audio_sample": ("audio_sample", "audio", "file"),
    "text": ("text", "transcript", "prompt_text"),
    "language": ("language", "lang", "prompt_lang"),
    "consent": ("consent",),
    "type": ("type",),
}
DEFAULTS = {"language": "auto", "type": "audio_sample"}
_MAX_FIELDS = 32
_MAX_FIELD_BYTES = 65_536
_ADDRESS = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:")
_LAID_OUT = "\n\r\t"


@dataclass(frozen=True)
class VoiceUpload:
    """A voice that somebody wants kept; nothing of it was checked but its form."""

    name: str
    audio: bytes
    text: str
    language: str
    consent: str


async def read_upload(request: Request) -> VoiceUpload:
    """Return what a request uploads.

    Raises:
        MediaTypeUnsupported: the body says that it is something else.
        MalformedBody: it isn't what it says.
        InvalidParameter: a field is missing, or isn't what it should be.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return _upload(await _form(request))
    if media_type == "application/json":
        # Some megabytes of base64 take longer than others' audio should wait.
        return await asyncio.to_thread(_from_json, await request.body())
    raise MediaTypeUnsupported(
        f"send multipart/form-data, or application/json with the audio in base64, not {media_type[:80]!r}"
    )


async def _form(request: Request) -> dict[str, Any]:
    try:
        form = await request.form(max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES)
    except HTTPException as error:
        raise MalformedBody(f"the body must be a form: {error.detail}") from error
    except (ValueError, KeyError) as error:
        if isinstance(error, PolyvoxError):
            raise
        raise MalformedBody(f"the body must be a form: {error}") from error
    try:
        return await _fields(form)
    finally:
        await form.close()


async def _fields(form: FormData) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in form.multi_items():
        if name in values:
            raise InvalidParameter(f"{name[:80]!r} is there twice", param=name[:80])
        values[name] = await value.read() if isinstance(value, UploadFile) else value
    return values


def _from_json(body: bytes) -> VoiceUpload:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"the body must be JSON in UTF-8: {error}") from None
    if not isinstance(values, dict):
        raise MalformedBody("the body must be a JSON object")
    return _upload(values)


def _upload(values: Mapping[str, Any]) -> VoiceUpload:
    if _text(values, "type") != "audio_sample":
        raise InvalidParameter(
            "type must be audio_sample: voices aren't made from descriptions", param="type"
        )
    return VoiceUpload(
        name=_text(values, "name"),
        audio=_audio(_value(values, "audio_sample")),
        text=_text(values, "text"),
        language=_text(values, "language"),
        consent=_text(values, "consent"),
    )


def _value(values: Mapping[str, Any], field: str) -> Any:
    for name in NAMES[field]:
        if values.get(name) not in (None, "", b""):
            return values[name]
    if field in DEFAULTS:
        return DEFAULTS[field]
    raise InvalidParameter(f"{field} is missing", param=field)


def _text(values: Mapping[str, Any], field: str) -> str:
    value = _value(values, field)
    if not isinstance(value, str):
        raise InvalidParameter(f"{field} must be text", param=field)
    if any(_is_unfit(char) for char in value):
        raise InvalidParameter(f"{field} has control characters, or isn't Unicode", param=field)
    return value


def _is_unfit(char: str) -> bool:
    """Lone surrogates can't be stored; control characters and overrides of direction deceive who reads."""
    category = unicodedata.category(char)
    return (category in ("Cc", "Cs") and char not in _LAID_OUT) or "\u202a" <= char <= "\u202e"


def _audio(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise InvalidParameter("audio_sample must be a file, or base64", param="audio_sample")
    if _ADDRESS.match(value[:80]):
        raise InvalidParameter(
            "audio_sample must be the audio itself: addresses are never fetched", param="audio_sample"
        )
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidParameter(f"audio_sample isn't base64: {error}", param="audio_sample") from None
