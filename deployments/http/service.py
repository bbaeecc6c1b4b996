"""What the routes share: one per ingress."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace

from starlette.responses import Response

from deployments.config import IngressArgs
from deployments.http.book import Book, Entry
from deployments.http.capacity import Capacity
from deployments.http.form import Form
from deployments.http.framing import Framing
from deployments.http.governor import BURST_BYTES, Governor
from deployments.http.gpt_sovits.sessions import LocalSessions, Sessions
from deployments.http.gpt_sovits.weights import WeightFiles
from deployments.http.planning import Plan, Planner, Wish
from deployments.http.request_id import stream_id
from deployments.http.resumption import (
    RESUMED_FROM,
    Place,
    Rest,
    Resumption,
    fingerprint_of,
    headers_of,
)
from deployments.http.speech_response import NUM_DROPPED, Encoder, SpeechResponse
from deployments.http.whole import encoded, gathered
from deployments.keys.key_file import Key
from deployments.keys.limits import Limiter, Ticket
from deployments.metrics.listening import IngressFigures
from deployments.speech import CountedSpeech, Origin, Speech, SpeechSource
from deployments.tracing.untraced import Untraced
from tts_core.audio.formats import FORMATS, AudioFormat
from tts_core.engine.chunks import BYTES_PER_SAMPLE, SegmentMark
from tts_core.errors import SpeechChanged
from tts_core.fingerprints import sound_alike
from tts_core.frontend.filters import TextOptions
from tts_core.request import SynthesisRequest

SHORT_CHARS = 300
"""Of plain text, cut into sentences within two milliseconds."""
_MAX_OTHERS = 2
"""Speeches that may be left because they sound otherwise than what they follow."""


async def _unknown_capacity() -> tuple[Capacity, ...]:
    return ()


@dataclass
class Service:
    """Plans, opens and answers requests, for every dialect.

    Attributes:
        args: the ingress's arguments.
        source: where speech comes from.
        transport_holds_back: whether a write waits for the listener (see `governor`).
        figures: what is measured.
        tracing: what traces, if anything does.
        is_leaving: whether this process takes no more connections, and ends when those it has are over.
        weights: files of the models that have any.
        sessions: what GPT-SoVITS's clients have chosen.
        end: ends the application, where requests may.
        capacity: tells how much room deployments have, where any are known of.
    """

    args: IngressArgs
    source: SpeechSource
    transport_holds_back: bool
    figures: IngressFigures = field(default_factory=IngressFigures)
    tracing: Untraced = field(default_factory=Untraced)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "encode"))
    limiter: Limiter = field(default_factory=Limiter)
    is_leaving: Callable[[], bool] = lambda: False
    weights: Mapping[str, WeightFiles] = field(default_factory=dict)
    sessions: Sessions = field(default_factory=LocalSessions)
    end: Callable[[], None] | None = None
    book: Book = field(default_factory=Book)
    capacity: Callable[[], Awaitable[tuple[Capacity, ...]]] = _unknown_capacity

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

    def check_model(self, name: str) -> None:
        """Return if a request may give this name as its model. Raises UnknownModel otherwise."""
        self._planner.resolve_model(name)

    async def open(
        self,
        wish: Wish,
        request_id: str,
        key: Key | None = None,
        resumption: Resumption | None = None,
        *,
        is_again: bool = False,
        like: str = "",
    ) -> CountedSpeech:
        """Plan and open, within the key's limits. Raises PolyvoxError while there is a status for it.

        Args:
            wish: what is asked for.
            request_id: what the answer is called.
            key: whose limits.
            resumption: what was heard before: the speech must be the same then (SpeechChanged), and is opened
                from its beginning. `answer` leaves out what was heard.
            is_again: whether it was asked for before, and is the server's own next try: the key pays once.
            like: fingerprint of what it follows, in the same voice as far as any replica has it.
        """
        if resumption is not None:
            wish = replace(wish, seed=resumption.seed)
        ticket = self.limiter.enter(key, len(wish.text), is_again=is_again)
        begun = None if resumption is None else resumption.fingerprint
        return await _held(ticket, self._open(wish, request_id, key.id if key else "", begun, like))

    async def _open(
        self, wish: Wish, request_id: str, payer: str, begun: str | None, like: str
    ) -> CountedSpeech:
        # A full server spends next to nothing on those whom it refuses.
        self.source.check_room(self._planner.resolve_model(wish.model))
        plan = await self._plan(wish, stream_id(request_id))
        speech = await self._speak(plan.request, payer)
        for _ in range(_MAX_OTHERS):
            if not like or sound_alike(like, speech.fingerprint):
                break
            speech.close()  # during an update there may still be others
            request = replace(plan.request, request_id=stream_id(request_id))
            speech = await self._speak(request, payer)
        fingerprint = fingerprint_of(plan.request, speech.fingerprint)
        origin = Origin(plan.request, plan.num_dropped, request_id, payer, fingerprint)
        return _same(CountedSpeech(speech, plan.num_dropped, plan.request.model, origin), begun)

    async def _open_again(self, entry: Entry, mark: SegmentMark, request_id: str) -> CountedSpeech:
        """Open a speech of the book from one of its segments on."""
        begun = entry.origin
        request = replace(begun.request, request_id=stream_id(request_id), first_segment=mark.segment)
        speech = await self._speak(request, begun.payer)
        origin = replace(begun, fingerprint=fingerprint_of(request, speech.fingerprint))
        num_dropped = begun.num_dropped + mark.num_dropped
        return _same(CountedSpeech(speech, num_dropped, request.model, origin), begun.fingerprint)

    async def _speak(self, request: SynthesisRequest, payer: str) -> Speech:
        with self.tracing.part("open"):
            return await self.source.open(replace(request, traceparent=self.tracing.traceparent()), payer)

    async def check(self, wish: Wish, key: Key | None) -> None:
        """Return if a wish can be planned; it counts as a request. Raises PolyvoxError where it can't be."""
        self.limiter.count(key)
        await self._plan(wish, "")

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
        return self._stream(speech, Form(audio_format, rate_hz, framing, file_per_chunk))

    def _stream(self, speech: CountedSpeech, form: Form) -> Response:
        try:
            encoder = form.encoder(speech.sample_rate_hz)
        except BaseException:
            speech.close()
            raise
        self._write_down(speech, form)
        return self._response(speech, speech, form, encoder)

    async def answer(self, speech: CountedSpeech, form: Form, resumption: Resumption | None) -> Response:
        """Answer as `stream` does; to whoever comes back with the rest, once its first sample is there.

        Raises:
            OffsetBeyondEnd: there is no such sample.
            PolyvoxError: the speech can't be spoken so far.
        """
        if resumption is None or not resumption.from_sample:
            return self._stream(speech, form)
        self._write_down(speech, form)
        return await self._rest(speech, form, resumption.from_sample)

    async def go_on(self, name: str, from_sample: int, request_id: str, key: Key | None = None) -> Response:
        """Answer with the rest of a speech that this process began, whose answer was called `name`.

        It is the bare audio, in the format that was asked for, whatever events it came in. It begins with the
        segment that holds the sample, so that what was heard before isn't made again.

        Raises:
            UnknownSpeech: nothing is known of it, or it is another key's.
            SpeechChanged: what spoke it is gone, and what there is would speak otherwise.
            PolyvoxError: as `open` and `answer`.
        """
        entry = self.book.find(key.id if key else "", name)
        rate_hz, form = entry.sample_rate_hz, entry.form
        place = Place.of(from_sample, rate_hz, form.output_rate_hz(rate_hz))
        mark = entry.mark_before(place.start)
        ticket = self.limiter.enter(key, entry.origin.request.num_chars)
        speech = await _held(ticket, self._open_again(entry, mark, request_id))
        self._follow(speech, entry, mark)
        return await self._rest(speech, form, from_sample, mark.start_sample)

    async def _rest(self, speech: CountedSpeech, form: Form, from_sample: int, base: int = 0) -> Response:
        """Answer with what follows the first samples, `speech` beginning with the sample `base`."""
        engine_hz = speech.sample_rate_hz
        try:
            place = Place.of(from_sample, engine_hz, form.output_rate_hz(engine_hz))
            rest = Rest(speech, place, base)
            await rest.find(form.output_rate_hz(engine_hz))
            encoder = form.encoder_of_rest(engine_hz, place.num_skipped if from_sample else None)
        except BaseException:
            speech.close()
            raise
        return self._response(speech, rest, form, encoder, {RESUMED_FROM: str(from_sample)})

    def _write_down(self, speech: CountedSpeech, form: Form) -> None:
        if speech.origin is not None:
            entry = Entry(speech.origin, speech.sample_rate_hz, replace(form, given_framing=None))
            self.book.add(entry)
            self._follow(speech, entry, SegmentMark(0, 0))

    def _follow(self, speech: CountedSpeech, entry: Entry, base: SegmentMark) -> None:
        """Note where segments of a speech begin, which itself begins at a mark of its entry's."""
        release = speech.on_close

        def marked(mark: SegmentMark) -> None:
            start, num_dropped = base.start_sample + mark.start_sample, base.num_dropped + mark.num_dropped
            entry.note(SegmentMark(mark.segment, start, num_dropped))

        def closed() -> None:
            release()
            self.book.touch(entry)

        speech.on_mark, speech.on_close = marked, closed

    def _response(
        self,
        counted: CountedSpeech,
        speech: Speech,
        form: Form,
        encoder: Encoder,
        headers: Mapping[str, str] | None = None,
    ) -> SpeechResponse:
        return SpeechResponse(
            speech,
            encoder,
            form.framing,
            form.media_type,
            self.pool,
            Governor(None if self.transport_holds_back else BURST_BYTES),
            self.args.limits.write_timeout_s,
            self.figures.listening(counted.model),
            {**headers_of(counted.origin, form.output_rate_hz(speech.sample_rate_hz)), **(headers or {})},
        )

    async def whole(self, speech: CountedSpeech, audio_format: AudioFormat) -> Response:
        """Answer once the speech is complete, with its exact length.

        Raises:
            InputTooLong: the speech exceeds `max_whole_s`, since it is held in memory.
        """
        try:
            pcm = await gathered(speech, self.args.limits.max_whole_s)
        finally:
            speech.close()
        data = await encoded(pcm, speech.sample_rate_hz, audio_format, self.pool)
        self.figures.answered_whole(speech.model, len(pcm) / BYTES_PER_SAMPLE / speech.sample_rate_hz)
        headers = {NUM_DROPPED: str(speech.num_dropped)}
        headers |= headers_of(speech.origin, FORMATS[audio_format].nearest_rate_hz(speech.sample_rate_hz))
        return Response(data, media_type=FORMATS[audio_format].media_type, headers=headers)


async def _held(ticket: Ticket, opening: Awaitable[CountedSpeech]) -> CountedSpeech:
    """Return the speech once it is open, and have it give back what was taken for it."""
    try:
        speech = await opening
    except asyncio.CancelledError:
        # It may have been worked on. Else limits on characters would hold for nobody who hangs up early.
        ticket.release()
        raise
    except BaseException:
        ticket.refund()
        raise
    speech.on_close = ticket.release
    return speech


def _same(speech: CountedSpeech, begun: str | None) -> CountedSpeech:
    """Return the speech if it is the one that was begun, or if none was. Raises SpeechChanged otherwise."""
    if begun is None or speech.origin is None or begun == speech.origin.fingerprint:
        return speech
    speech.close()
    raise SpeechChanged(
        f"the speech that was begun was {begun}, and this would be {speech.origin.fingerprint}: the request, "
        "the voice or what speaks has changed; begin anew"
    )
