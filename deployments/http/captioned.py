"""Answers that say when words and sentences are heard: among a speech's events, or as a file of subtitles."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.responses import Response

from deployments.http.captions import CaptionedSpeech, Captions, Granularity
from deployments.http.framing import CaptionFraming
from deployments.http.resumption import headers_of
from deployments.http.speech_response import NUM_DROPPED
from deployments.http.subtitles import MEDIA_TYPES, SubtitleFormat, subtitles
from deployments.metrics.listening import IngressFigures
from deployments.speech import CountedSpeech
from tts_core.audio.formats import AudioFormat
from tts_core.errors import InvalidParameter

_DELAY_SAMPLES = {AudioFormat.MP3: 1105, AudioFormat.AAC: 1024}
"""What codecs put before the audio, and decoders of a bare stream don't know to leave out: LAME's delay and
its decoder's, and a frame of AAC."""


class CaptionFields(BaseModel):
    """Fields by which a request asks for captions."""

    timestamps: Annotated[list[Granularity], Field(min_length=1, max_length=2)] | None = Field(
        None, description="With stream_format sse: events say when words, sentences or both are heard."
    )
    subtitle_format: SubtitleFormat | None = Field(
        None, description="With stream_format sse: subtitles of all of it come as an event before the end."
    )

    @property
    def has_captions(self) -> bool:
        return self.timestamps is not None or self.subtitle_format is not None

    def check_captions(self, *, is_events: bool, is_resumed: bool) -> None:
        """Raise InvalidParameter where captions are asked for that the answer has no place for."""
        if not self.has_captions:
            return
        param = "timestamps" if self.timestamps is not None else "subtitle_format"
        if not is_events:
            raise InvalidParameter(
                f"{param} goes with stream_format 'sse': bare audio has no place for it. Subtitles alone are "
                "to be had at /v1/audio/speech/subtitles",
                param=param,
            )
        if is_resumed:
            raise InvalidParameter(f"{param}: the rest of a speech has no captions; begin anew", param=param)

    def framing(self, source: str, captions: Captions) -> CaptionFraming:
        """Return what lays the captions asked for into one answer."""
        wanted = frozenset(self.timestamps or ())
        return CaptionFraming(len(source), captions, wanted, self.subtitle_format)


def codec_delay_s(audio_format: AudioFormat, rate_hz: int) -> float:
    """Return how much later audio is heard once it was encoded at a rate and decoded."""
    return _DELAY_SAMPLES.get(audio_format, 0) / rate_hz


async def captions_of(speech: CountedSpeech, source: str, delay_s: float) -> Captions:
    """Return what will hold a speech's captions.

    Args:
        speech: just opened; closed where this is cancelled.
        source: its text, as it was written.
        delay_s: see `codec_delay_s`.
    """
    assert speech.origin is not None
    spoken = "".join(segment.text for segment in speech.origin.request.segments)
    try:
        # In a thread: comparing two long texts takes a while.
        return await asyncio.to_thread(Captions, source, spoken, speech.sample_rate_hz, delay_s)
    except BaseException:
        speech.close()
        raise


async def subtitle_file(
    speech: CountedSpeech, captions: Captions, subtitle_format: SubtitleFormat, figures: IngressFigures
) -> Response:
    """Answer with the subtitles of a speech, once all of it has been spoken. Its audio is not kept."""
    num_samples = 0
    try:
        async for chunk in CaptionedSpeech(speech, captions).chunks():
            num_samples += chunk.num_samples
            speech.acknowledge(num_samples)
    finally:
        speech.close()
    figures.answered_whole(speech.model, num_samples / speech.sample_rate_hz)
    headers = {NUM_DROPPED: str(speech.num_dropped), "Cache-Control": "no-store"}
    headers |= headers_of(speech.origin, speech.sample_rate_hz)
    text = await asyncio.to_thread(subtitles, captions, subtitle_format)
    return Response(text, media_type=MEDIA_TYPES[subtitle_format], headers=headers)
