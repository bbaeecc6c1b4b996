"""Going on with a speech that was cut off: exactly the rest of it.

The same request with the same seed gives the same samples, on any replica and behind any ingress. So whoever
lost an answer half-way, and perhaps the ingress with it, repeats the request with these headers, and whoever
gets it makes the same speech again and leaves out what was heard:

    X-Seed, X-Fingerprint    as the answer had them
    X-Resume-From-Sample     how many samples have been heard, at the answer's X-Sample-Rate

A fingerprint names all that decides the samples. Where it would be another one (another text, a voice or a
model that was replaced meanwhile), the answer is 409: two voices are never put together.

The rest of PCM and WAV is byte for byte the rest of the file: samples that have been received are bytes
divided by two, after the 44 bytes of WAV's header. Codecs hold state that nobody kept: the rest begins as a
new file in the same format, from that sample on.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from deployments.speech import Origin, Speech, SpeechAround
from tts_core.audio.resampler import SETTLING_SAMPLES, resampled_length
from tts_core.engine.chunks import BYTES_PER_SAMPLE, AudioChunk
from tts_core.errors import InvalidParameter, OffsetBeyondEnd
from tts_core.fingerprints import digest, versions
from tts_core.request import SynthesisRequest

SEED = "X-Seed"
SAMPLE_RATE = "X-Sample-Rate"
FINGERPRINT = "X-Fingerprint"
RESUME_FROM = "X-Resume-From-Sample"
RESUMED_FROM = "X-Resumed-From-Sample"
TOLD = (SEED, SAMPLE_RATE, FINGERPRINT, RESUMED_FROM)
"""Headers of answers."""

_MAX_DIGITS = 19
_RESAMPLER = versions("av")
_UNHEARD = frozenset({"request_id", "traceparent", "first_segment", "returning", "is_timed"})
"""Fields of a request that have no influence on its samples."""


@dataclass(frozen=True)
class Resumption:
    """What a listener who comes back says.

    Attributes:
        from_sample: samples heard, at the rate of the answer.
        seed, fingerprint: of the speech.
    """

    from_sample: int
    seed: int
    fingerprint: str

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Resumption | None:
        """Return what a request's headers say, or None where it begins anew.

        Raises:
            InvalidParameter: one is missing, or isn't a number.
        """
        if RESUME_FROM not in headers:
            return None
        fingerprint = headers.get(FINGERPRINT, "")
        if not fingerprint:
            message = f"{RESUME_FROM} goes with the {FINGERPRINT} of what is to go on"
            raise InvalidParameter(message, param=FINGERPRINT)
        return cls(_number(headers, RESUME_FROM), _number(headers, SEED), fingerprint)


def fingerprint_of(request: SynthesisRequest, engine_fingerprint: str) -> str:
    """Return the name of the samples that a request gives on an engine."""
    audible = [(one.name, getattr(request, one.name)) for one in fields(request) if one.name not in _UNHEARD]
    return digest(engine_fingerprint, repr(audible), _RESAMPLER)


def headers_of(origin: Origin | None, rate_hz: int) -> dict[str, str]:
    """Return what an answer says, so that it can be gone on with."""
    if origin is None:
        return {}
    return {
        SEED: str(origin.request.seed),
        SAMPLE_RATE: str(rate_hz),
        FINGERPRINT: origin.fingerprint,
    }


class Place(NamedTuple):
    """Where to begin, for the samples of an answer from one of them on.

    Attributes:
        start: sample of the speech, at the engine's rate, from which to resample.
        num_needed: samples, at the engine's rate, without which the answer would be shorter than that.
        num_skipped: samples that come out of the resampler before the one that is wanted.
    """

    start: int
    num_needed: int
    num_skipped: int

    @classmethod
    def of(cls, from_sample: int, engine_rate_hz: int, rate_hz: int) -> Place:
        """Return the place: early enough for the resampler to have settled, and where both rates meet."""
        if not from_sample:
            return cls(0, 0, 0)
        num_needed = (from_sample - 1) * engine_rate_hz // rate_hz + 1
        if engine_rate_hz == rate_hz:
            return cls(from_sample, num_needed, 0)
        divisor = math.gcd(engine_rate_hz, rate_hz)
        settling = SETTLING_SAMPLES * -(-engine_rate_hz // rate_hz)
        num_periods = max(0, num_needed - settling) * divisor // engine_rate_hz
        start, out_start = num_periods * engine_rate_hz // divisor, num_periods * rate_hz // divisor
        return cls(start, num_needed, from_sample - out_start)


class Rest(SpeechAround):
    """A `Speech` from one of its samples on. `find` it before anything else.

    Args:
        speech: what is spoken; closed by whoever closes this.
        place: where to begin, counted from the beginning of the whole.
        base: sample of the whole that `speech` begins with.
    """

    def __init__(self, speech: Speech, place: Place, base: int = 0) -> None:
        super().__init__(speech)
        self._place, self._base = place, base
        self._chunks = speech.chunks()
        self._found: AudioChunk | None = None

    async def find(self, rate_hz: int) -> None:
        """Wait for the first of the samples, and drop those before.

        Args:
            rate_hz: of the answer, for what is said where there are none.

        Raises:
            OffsetBeyondEnd: the speech ends before.
            PolyvoxError: it can't be spoken so far.
        """
        start, held, end = self._place.start, b"", self._base
        while end <= self._place.num_needed and (chunk := await anext(self._chunks, None)) is not None:
            first, end = end, end + chunk.num_samples
            held += chunk.pcm[max(0, start - first) * BYTES_PER_SAMPLE :]
            self._speech.acknowledge(min(start, end) - self._base)
        if end < self._place.num_needed:
            total = resampled_length(end, self.sample_rate_hz, rate_hz)
            raise OffsetBeyondEnd(f"the speech has {total} samples in all", param="from_sample")
        self._found = AudioChunk(held, 0)

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        """Yield the rest in order. Raises PolyvoxError where it can't be completed."""
        assert self._found is not None
        position = self._found.num_samples
        if position:
            yield self._found
        async for chunk in self._chunks:
            yield AudioChunk(chunk.pcm, position)
            position += chunk.num_samples

    def acknowledge(self, num_delivered: int) -> None:
        self._speech.acknowledge(self._place.start - self._base + num_delivered)

    def close(self) -> None:
        self._speech.close()


def _number(headers: Mapping[str, str], name: str) -> int:
    value = headers.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS):
        raise InvalidParameter(f"{name} must be a whole number, 0 or more; found {value[:40]!r}", param=name)
    return int(value)
