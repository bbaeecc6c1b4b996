"""How audio and alignments are laid into one body: a JSON object a line, or a single one."""

from __future__ import annotations

import base64
import json

from deployments.http.elevenlabs.alignment import Alignment, Told
from tts_core.errors import PolyvoxError

MAX_LINE_BYTES = 24_000
"""Of audio. aiohttp, by which pipecat reads, takes no line of more than 128 KiB."""

_HELD_BYTES = 960


class AlignedLines:
    """Implements `Framing`: a line for each piece of audio, with the characters that it completes.

    Some 10 ms of audio are held back, so that the last characters come with audio as well: for its clients
    a line without any is a piece of nothing. Whole samples stay together.
    """

    media_type = "application/x-ndjson"

    def __init__(self, alignment: Alignment) -> None:
        self._alignment = alignment
        self._held = b""

    def audio(self, data: bytes) -> bytes:
        data = self._held + data
        num_ready = max(0, len(data) - _HELD_BYTES)
        self._held = data[num_ready:]
        return _lines(data[:num_ready], self._alignment.news()) if num_ready else b""

    def end(self, audio_s: float, num_dropped: int) -> bytes:
        return _lines(self._held, self._alignment.rest(audio_s))

    def failure(self, error: PolyvoxError) -> bytes | None:
        """Its clients skip lines that they don't understand, but notice when a body breaks off."""
        return None


class AlignedObject:
    """Implements `Framing`: one object, of which nothing is kept here. Without its end it is no JSON."""

    media_type = "application/json"

    def __init__(self, alignment: Alignment) -> None:
        self._alignment = alignment
        self._beginning = b'{"audio_base64":"'
        self._left = b""

    def audio(self, data: bytes) -> bytes:
        # Base64 goes by threes.
        data = self._left + data
        whole = len(data) - len(data) % 3
        self._left = data[whole:]
        return self._begun() + base64.b64encode(data[:whole])

    def end(self, audio_s: float, num_dropped: int) -> bytes:
        told = _dump(self._alignment.rest(audio_s))
        last = base64.b64encode(self._left)
        return self._begun() + last + b'","alignment":%b,"normalized_alignment":%b}' % (told, told)

    def failure(self, error: PolyvoxError) -> bytes | None:
        return None

    def _begun(self) -> bytes:
        beginning, self._beginning = self._beginning, b""
        return beginning


def _lines(data: bytes, told: Told | None) -> bytes:
    """Return lines for some audio; the last one has what is told."""
    *starts, last = range(0, max(1, len(data)), MAX_LINE_BYTES)
    lines = [_line(data[start : start + MAX_LINE_BYTES], None) for start in starts]
    return b"".join([*lines, _line(data[last:], told)])


def _line(data: bytes, told: Told | None) -> bytes:
    audio = base64.b64encode(data).decode("ascii")
    return _dump({"audio_base64": audio, "alignment": told, "normalized_alignment": told}) + b"\n"


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")
