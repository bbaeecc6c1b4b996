"""GSVI's `POST /infer_single`: the answer is an address, and what is got from there is the speech.

Nothing is kept for it, and nothing is spoken before it is asked for. The address holds the request itself,
signed: any replica that shares the sessions' secret can answer it, nobody else can make one, and after
`VALID_S` it is good for nothing. It lets its holder in without a key, at the expense of the key that asked
for it. The same address gives the same audio: the request's seed is in it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
import time
import zlib
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from deployments.http.errors import ERROR_RESPONSES
from deployments.http.gpt_sovits.fields import SpeakRequest, checked, text_of
from deployments.http.gpt_sovits.paths import RESULTS
from deployments.http.gpt_sovits.sessions import Choice, session_of
from deployments.http.gpt_sovits.speaking import Speaking
from deployments.keys.key_file import Key
from tts_core.errors import InputTooLong, InvalidParameter, PolyvoxError

VALID_S = 600
MAX_TOKEN_CHARS = 6000
"""Behind which proxies begin to refuse addresses."""
_SIGNATURE_BYTES = 16
# A voice has one mood; GSVI's ways to cut texts have names of their own, and are as little used as api_v2's.
_UNUSED = frozenset({"model_name", "dl_url", "version", "emotion", "text_split_method", "batch_size"})


class LinkInvalid(PolyvoxError):
    """An address of a result that this server didn't make, or whose time is over."""

    code = "invalid_link"


@dataclass(frozen=True)
class Link:
    """What an address of a result stands for.

    Attributes:
        fields: the request, as `SpeakRequest` takes it.
        key_id: whose it is; "" on a server without keys.
        until_s: Unix time.
    """

    fields: dict[str, Any]
    key_id: str
    until_s: float


def gsvi_routes(speaking: Speaking) -> APIRouter:
    """Return the routes, bound to what answers them."""
    router = APIRouter(tags=["GPT-SoVITS"])

    @router.post("/infer_single", responses=ERROR_RESPONSES)
    async def infer_single(body: Annotated[dict[str, Any], Body()], request: Request) -> dict[str, str]:
        """Answer as GSVI does: with an address, good for ten minutes, that speaks when it is got."""
        key: Key | None = request.state.key
        choice = await speaking.service.sessions.get(session_of(request))
        fields = _fields(body, choice)
        await speaking.service.check(await speaking.wish(checked(SpeakRequest, fields), choice), key)
        link = Link(fields, key.id if key else "", time.time() + VALID_S)
        token = seal(link, await speaking.service.sessions.secret())
        base = text_of("dl_url", body.get("dl_url")) or str(request.base_url)
        # What GSVI says; the speech follows when it is asked for.
        return {"msg": "合成成功", "audio_url": f"{base.rstrip('/')}{RESULTS}{token}"}

    @router.get(f"{RESULTS}{{token}}", response_class=Response, responses=ERROR_RESPONSES)
    async def result(token: str, request: Request) -> Response:
        """Speak what an address of `/infer_single` stands for."""
        link = unseal(token, await speaking.service.sessions.secret(), time.time())
        ring = request.app.state.ring
        request.state.key = ring.get(link.key_id) if ring is not None else None
        return await speaking.answer(checked(SpeakRequest, link.fields), request, choice=Choice())

    return router


def seal(link: Link, secret: bytes) -> str:
    """Return the token that stands for a link.

    Raises:
        InputTooLong: it doesn't fit an address.
    """
    values = [link.fields, link.key_id, link.until_s]
    packed = zlib.compress(json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass"), 9)
    token = base64.urlsafe_b64encode(_sign(packed, secret) + packed).rstrip(b"=").decode("ascii")
    if len(token) > MAX_TOKEN_CHARS:
        raise InputTooLong("the text is too long for an answer by address: use /tts", param="text")
    return token


def unseal(token: str, secret: bytes, now_s: float) -> Link:
    """Return the link that a token stands for.

    Raises:
        LinkInvalid: nobody with this secret made it, or its time is over.
    """
    try:
        data = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        data = b""
    signature, packed = data[:_SIGNATURE_BYTES], data[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(packed, secret)):
        raise LinkInvalid("this server gave no such address")
    link = Link(*json.loads(zlib.decompress(packed)))
    if now_s > link.until_s:
        raise LinkInvalid(f"an address is good for {VALID_S // 60} minutes, and these are over")
    return link


def _fields(body: dict[str, Any], choice: Choice) -> dict[str, Any]:
    """Return the request with all that decides its audio. Raises InvalidParameter where it names no voice."""
    name = text_of("model_name", body.get("model_name"))
    if not name:
        raise InvalidParameter("model_name is required: the name of a voice", param="model_name")
    fields = {field: value for field, value in body.items() if field not in _UNUSED}
    # One whole file, the same whenever it is asked for.
    seed = body.get("seed", -1)
    drawn = secrets.randbelow(2**32) if seed in (None, "", -1, "-1") else seed
    return {
        "gpt_weights": choice.gpt_weights,
        "sovits_weights": choice.sovits_weights,
        **fields,
        "ref_audio_path": name,
        "text_lang": body.get("text_lang") or "auto",
        "seed": drawn,
        "streaming_mode": 0,
    }


def _sign(packed: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, packed, "sha256")[:_SIGNATURE_BYTES]
