"""The server's whole HTTP edge without Ray: real routes, WebSockets, keys and voices over a made-up engine.

`formant` has voices of its own, `clones` those that were added. A word is a fifth of a second of sound.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.capacity import Capacity
from deployments.http.service import Service
from deployments.http.voices.desk import VoiceDesk
from deployments.http.voices.opening import takes_uploads
from tests.e2e.page_server import CHUNK_S, SAMPLE_RATE_HZ, syllables
from tests.e2e.serving import serving
from tests.unit.http.voices.support import NearDecoder
from tts_core.engine.chunks import AudioChunk
from tts_core.errors import UnknownVoice
from tts_core.frontend.words import words_of
from tts_core.request import SynthesisRequest
from tts_core.timing.marks import TextMark
from tts_core.voice import VoiceInfo
from tts_core.voices import VoiceStore

SECONDS_PER_WORD = 0.2
SPEED_UP = 4.0  # over real time
BUILT_IN = (
    VoiceInfo("en-us", "English (America)", "en-US", "formant"),
    VoiceInfo("de", "German", "de", "formant"),
    VoiceInfo("cmn", "Chinese (Mandarin, latin as English)", "cmn", "formant"),
)


class _Speech:
    num_dropped = 0
    fingerprint = "syllables"
    sample_rate_hz = SAMPLE_RATE_HZ

    def __init__(self, source: Source, request: SynthesisRequest) -> None:
        self._source, self._request = source, request
        self._text = "".join(segment.text for segment in request.segments)

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        words = tuple(words_of(self._text))
        pcm = syllables(max(1, len(words)) * SECONDS_PER_WORD).tobytes()
        size = round(CHUNK_S * SAMPLE_RATE_HZ) * 2
        for start in range(0, len(pcm), size):
            cues = (TextMark(0, words),) if self._request.is_timed and not start else ()
            yield AudioChunk(pcm[start : start + size], start // 2, cues=cues)
            await asyncio.sleep(CHUNK_S / SPEED_UP)

    def acknowledge(self, num_delivered: int) -> None:
        pass

    def close(self) -> None:
        self._source.num_open -= 1


class Source:
    """Speaks, and remembers what it was asked for."""

    models = ("formant", "clones")

    def __init__(self, store: VoiceStore | None) -> None:
        self._store = store
        self.requests: list[SynthesisRequest] = []
        self.num_open = 0

    async def voices(self) -> tuple[VoiceInfo, ...]:
        kept = self._store.list() if self._store else []
        return BUILT_IN + tuple(VoiceInfo(one.name, one.name, one.language, "clones") for one in kept)

    def check_room(self, model: str) -> None:
        pass

    async def check_ready(self) -> None:
        pass

    async def open(self, request: SynthesisRequest, payer: str = "") -> _Speech:
        if request.voice.partition("+")[0] not in {voice.id for voice in await self.voices()}:
            raise UnknownVoice(f"no voice {request.voice!r}", param="voice")
        self.requests.append(request)
        self.num_open += 1
        return _Speech(self, request)


class _Desk(VoiceDesk):
    async def _settle(self) -> None:
        """Return at once: there are no replicas to wait for."""
        self._on_change()


@asynccontextmanager
async def run_studio(
    folder: Path | None, keys: Path | None = None, **args: Any
) -> AsyncIterator[tuple[str, Source]]:
    """Yield the address of a server, and its engine; without a folder, it clones nothing."""
    store = VoiceStore(folder) if folder else None
    source = Source(store)
    ingress = IngressArgs(keys=str(keys) if keys else None, **args)

    async def capacity() -> tuple[Capacity, ...]:
        return (Capacity(("formant",), 1, 64, source.num_open), Capacity(("clones",), 0))

    service = Service(ingress, source, transport_holds_back=True, capacity=capacity)
    desk = None
    if store is not None:
        decoder = cast(Any, NearDecoder())
        desk = _Desk(store, ("clones",), ingress.voices, takes_uploads(ingress), decoder=decoder)
    async with serving(create_app(service, desk)) as url:
        yield url, source
