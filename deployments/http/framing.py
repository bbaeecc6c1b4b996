"""How encoded audio is laid into a body: bare, or as server-sent events."""

from __future__ import annotations

import base64
import json
from typing import Any, Protocol

from deployments.http.captions import Caption, Captions, Granularity
from deployments.http.errors import openai_body
from deployments.http.subtitles import SubtitleFormat, subtitles
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


class EventFraming:
    """OpenAI's `stream_format: sse`.

    Args:
        num_input_chars: reported as input tokens: a character is this server's unit of text.
    """

    def __init__(self, num_input_chars: int) -> None:
        self._num_input_chars = num_input_chars

    def audio(self, data: bytes) -> bytes:
        return _event({"type": "speech.audio.delta", "audio": base64.b64encode(data).decode("ascii")})

    def end(self, audio_s: float, num_dropped: int) -> bytes:
        # Output tokens: 25 a second, the semantic frame rate of GPT-SoVITS, whatever the engine.
        num_output = round(audio_s * 25)
        usage = {
            "input_tokens": self._num_input_chars,
            "output_tokens": num_output,
            "total_tokens": self._num_input_chars + num_output,
        }
        return _event({"type": "speech.audio.done", "usage": usage, "num_dropped": num_dropped})

    def failure(self, error: PolyvoxError) -> bytes | None:
        return _event({"type": "error", **openai_body(error)})


class CaptionFraming(EventFraming):
    """Events with captions among them, each after the audio that completes it. Serves one answer.

    Args:
        num_input_chars: see `EventFraming`.
        captions: collected while the speech is read.
        granularities: which of them to tell.
        subtitle_format: of the file that comes before the end, or None for none.
    """

    def __init__(
        self,
        num_input_chars: int,
        captions: Captions,
        granularities: frozenset[Granularity],
        subtitle_format: SubtitleFormat | None,
    ) -> None:
        super().__init__(num_input_chars)
        self._captions, self._granularities = captions, granularities
        self._subtitle_format = subtitle_format
        self._num_told: dict[Granularity, int] = {}

    def audio(self, data: bytes) -> bytes:
        return super().audio(data) + self._news()

    def end(self, audio_s: float, num_dropped: int) -> bytes:
        return self._news() + self._subtitles() + super().end(audio_s, num_dropped)

    def _news(self) -> bytes:
        """Tell of the captions that nobody was told of yet."""
        news: dict[str, Any] = {}
        collected: tuple[tuple[Granularity, list[Caption]], ...] = (
            ("word", self._captions.words),
            ("sentence", self._captions.sentences),
        )
        for granularity, known in collected:
            told = self._num_told.get(granularity, 0)
            if granularity in self._granularities and len(known) > told:
                news[f"{granularity}s"] = [self._captions.described(one) for one in known[told:]]
                self._num_told[granularity] = len(known)
        return _event({"type": "speech.audio.timestamps", **news}) if news else b""

    def _subtitles(self) -> bytes:
        if self._subtitle_format is None:
            return b""
        text = subtitles(self._captions, self._subtitle_format)
        return _event({"type": "speech.audio.subtitles", "format": self._subtitle_format, "text": text})


def _event(payload: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(payload).encode("ascii") + b"\n\n"
