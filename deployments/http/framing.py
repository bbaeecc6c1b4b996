"""How encoded audio is laid into a body: bare, or as server-sent events."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, Protocol

from deployments.http.errors import openai_body
from tts_core.errors import PolyvoxError


class Framing(Protocol):
    """Turns encoded audio into body bytes."""

    def audio(self, data: bytes) -> bytes:
        """Return the body bytes for a piece of encoded audio."""
        ...

    def end(self, audio_s: float, num_dropped: int) -> bytes:
        """Return what follows the last piece, `num_dropped` characters of the text not being spoken."""
        ...

    def failure(self, error: PolyvoxError) -> bytes | None:
        """Return the body bytes that tell of an error, or None where only breaking off can tell."""
        ...


class BareFraming:
    """The file itself. An error breaks the connection: a clean end would pass for a whole file."""

    def audio(self, data: bytes) -> bytes:
        return data

    def end(self, audio_s: float, num_dropped: int) -> bytes:
        return b""

    def failure(self, error: PolyvoxError) -> bytes | None:
        return None


@dataclass(frozen=True)
class EventFraming:
    """OpenAI's `stream_format: sse`.

    Attributes:
        num_input_chars: reported as input tokens: a character is this server's unit of text.
    """

    num_input_chars: int

    def audio(self, data: bytes) -> bytes:
        return _event({"type": "speech.audio.delta", "audio": base64.b64encode(data).decode("ascii")})

    def end(self, audio_s: float, num_dropped: int) -> bytes:
        # Output tokens: 25 a second, the semantic frame rate of GPT-SoVITS, whatever the engine.
        num_output = round(audio_s * 25)
        usage = {
            "input_tokens": self.num_input_chars,
            "output_tokens": num_output,
            "total_tokens": self.num_input_chars + num_output,
        }
        return _event({"type": "speech.audio.done", "usage": usage, "num_dropped": num_dropped})

    def failure(self, error: PolyvoxError) -> bytes | None:
        return _event({"type": "error", **openai_body(error)})


def _event(payload: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(payload).encode("ascii") + b"\n\n"
