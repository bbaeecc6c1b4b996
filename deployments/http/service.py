"""What the routes share: one per ingress."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace

from starlette.responses import Response

from deployments.config import IngressArgs
from deployments.http.framing import BareFraming, Framing
from deployments.http.governor import BURST_BYTES, Governor
from deployments.http.planning import Plan, Planner, Wish
from deployments.http.request_id import stream_id
from deployments.http.speech_response import NUM_DROPPED, SpeechResponse
from deployments.keys.key_file import Key
from deployments.keys.limits import Limiter
from deployments.metrics.listening import IngressFigures
from deployments.speech import CountedSpeech, Speech, SpeechSource
from deployments.tracing.untraced import Untraced
from tts_core.audio.encoder import StreamEncoder
from tts_core.audio.formats import FORMATS, AudioFormat
from tts_core.audio.per_chunk import PerChunkEncoder
from tts_core.engine.stream import BYTES_PER_SAMPLE
from tts_core.errors import InputTooLong
from tts_core.frontend.filters import TextOptions

SHORT_CHARS = 300
"""Of plain text, cut into sentences within two milliseconds."""


@dataclass
class Service:
    """Plans, opens and answers requests, for every dialect.

    Attributes:
        args: the ingress's arguments.
        source: where speech comes from.
        transport_holds_back: whether a write waits for the listener (see `governor`).
        figures: what is measured.
        tracing: what traces, if anything does.
    """

    args: IngressArgs
    source: SpeechSource
    transport_holds_back: bool
    figures: IngressFigures = field(default_factory=IngressFigures)
    tracing: Untraced = field(default_factory=Untraced)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "encode"))
    limiter: Limiter = field(default_factory=Limiter)

    def __post_init__(self) -> None:
        self._planner = Planner(self.args, self.source.models)

    async def voices(self) -> list[dict[str, str]]:
        """Return every voice that a request may name, aliases first."""
        catalogue = [asdict(voice) for voice in await self.source.voices()]
        by_id = {voice["id"]: voice for voice in catalogue}
        aliases = [
            {**by_id.get(voice.partition("+")[0], {}), "id": alias, "name": f"{alias} ({voice})"}
            for alias, voice in self.args.voice_aliases.items()
        ]
        return aliases + catalogue

    async def open(self, wish: Wish, request_id: str, key: Key | None = None) -> CountedSpeech:
        """Plan and open, within the key's limits. Raises PolyvoxError while there is a status for it."""
        ticket = self.limiter.enter(key, len(wish.text))
        try:
            speech = await self._open(wish, request_id, key.id if key else "")
        except BaseException:
            ticket.refund()
            raise
        speech.on_close = ticket.release
        return speech

    async def _open(self, wish: Wish, request_id: str, payer: str) -> CountedSpeech:
        # A full server spends next to nothing on those whom it refuses.
        self.source.check_room(self._planner.resolve_model(wish.model))
        plan = await self._plan(wish, stream_id(request_id))
        with self.tracing.part("open"):
            request = replace(plan.request, traceparent=self.tracing.traceparent())
            speech = await self.source.open(request, payer)
        return CountedSpeech(speech, plan.num_dropped, plan.request.model)

    async def _plan(self, wish: Wish, request_id: str) -> Plan:
        """Plan in a thread what may take more than a moment, so that nobody else's audio waits for it."""
        emoji_language = await self._emoji_language(wish)
        if len(wish.text) <= SHORT_CHARS and wish.text_options == TextOptions():
            return self._planner.plan(wish, request_id, emoji_language)
        return await asyncio.to_thread(self._planner.plan, wish, request_id, emoji_language)

    async def _emoji_language(self, wish: Wish) -> str:
        """Return which language emoji are named in: the text's, or else the voice's; "" where they aren't."""
        if wish.text_options.emoji != "name":
            return ""
        if wish.language and not wish.language.lower().startswith("auto"):
            return wish.language
        voice = self._planner.resolve_voice(wish.voice).partition("+")[0]
        languages = {info.id: info.language for info in await self.source.voices()}
        # The formant engine knows more names than it lists, and they are those of languages.
        return languages.get(voice, voice)

    def stream(
        self,
        speech: CountedSpeech,
        audio_format: AudioFormat,
        rate_hz: int | None = None,
        framing: Framing | None = None,
        *,
        file_per_chunk: bool = False,
    ) -> Response:
        """Answer with speech while it is made, at `rate_hz` or the engine's own rate."""
        encoder_type = PerChunkEncoder if file_per_chunk else StreamEncoder
        media_type = FORMATS[audio_format].media_type
        try:
            encoder = encoder_type(audio_format, speech.sample_rate_hz, rate_hz)
        except BaseException:
            speech.close()
            raise
        return SpeechResponse(
            speech,
            encoder,
            framing or BareFraming(),
            media_type if framing is None else "text/event-stream",
            self.pool,
            Governor(None if self.transport_holds_back else BURST_BYTES),
            self.args.limits.write_timeout_s,
            self.figures.listening(speech.model),
        )

    async def whole(self, speech: CountedSpeech, audio_format: AudioFormat) -> Response:
        """Answer once the speech is complete, with its exact length.

        Raises:
            InputTooLong: the speech exceeds `max_whole_s`, since it is held in memory.
        """
        try:
            pcm = await self._gather(speech)
        finally:
            speech.close()
        data = await self._encode_whole(audio_format, pcm, speech.sample_rate_hz)
        self.figures.answered_whole(speech.model, len(pcm) / BYTES_PER_SAMPLE / speech.sample_rate_hz)
        headers = {NUM_DROPPED: str(speech.num_dropped)}
        return Response(data, media_type=FORMATS[audio_format].media_type, headers=headers)

    async def _gather(self, speech: Speech) -> bytes:
        pcm = bytearray()
        max_s = self.args.limits.max_whole_s
        async for chunk in speech.chunks():
            pcm += chunk.pcm
            num_samples = len(pcm) // BYTES_PER_SAMPLE
            speech.acknowledge(num_samples)
            if num_samples > max_s * speech.sample_rate_hz:
                raise InputTooLong(f"speech of more than {max_s:g} s must be streamed", param="input")
        return bytes(pcm)

    async def _encode_whole(self, audio_format: AudioFormat, pcm: bytes, rate_hz: int) -> bytes:
        """Encode a second at a time, so that streams have their turns in the pool."""
        second = rate_hz * BYTES_PER_SAMPLE
        data = bytearray()
        total_samples = len(pcm) // BYTES_PER_SAMPLE
        encoder = StreamEncoder(audio_format, rate_hz, total_samples=total_samples)
        with contextlib.closing(encoder):
            for start in range(0, len(pcm), second):
                data += await self._in_pool(encoder.encode, pcm[start : start + second])
            data += await self._in_pool(encoder.finish)
        return bytes(data)

    async def _in_pool(self, work: Callable[..., bytes], *pcm: bytes) -> bytes:
        # Shielded: an encoder must not be closed while the pool still works with it.
        job = asyncio.get_running_loop().run_in_executor(self.pool, work, *pcm)
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            await asyncio.wait({job})
            raise
