"""Messages of Polyvox's own protocol, and what is read from them."""

from __future__ import annotations

import base64
from typing import Any

from tests.unit.websocket.fakes import RATE_HZ

PATH = "/v1/audio/speech/ws"
START = {"type": "start", "voice": "en-us", "seed": 7}
SENTENCE_PAUSE = bytes(2 * int(0.25 * RATE_HZ))


def text(piece: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": piece, **more}


def audio_of(messages: list[Any], context_id: str = "default") -> bytes:
    audio = [m for m in messages if m.get("type") == "audio" and m["context_id"] == context_id]
    return b"".join(base64.b64decode(m["audio"]) for m in audio)


def types_of(messages: list[Any]) -> list[str]:
    return [m["type"] for m in messages if m["type"] != "audio"]
