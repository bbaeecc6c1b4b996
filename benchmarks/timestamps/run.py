"""Words by the estimator, against the words that espeak-ng itself says it begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks.timestamps.corpus import LANGUAGES, Language
from tts_core.engine.stream import StreamLimits
from tts_core.frontend.typical_times import timed_words
from tts_core.frontend.words import words_of
from tts_core.models.formant.engine import FormantEngine
from tts_core.request import Segment, SynthesisRequest
from tts_core.timing.estimate import Span, estimate
from tts_core.timing.marks import Word, WordMark


class Utterance(NamedTuple):
    """One sentence spoken: its samples, and the character that each mark says is begun at a sample."""

    text: str
    pcm: bytes
    marks: list[WordMark]


@dataclass(frozen=True)
class Measured:
    """What came of one language.

    Attributes:
        language: for people.
        source: what said how long words take: "phones" or "letters".
        num_sentences: and how many words of them espeak-ng marked.
        errors_ms: of where words begin, signed: later than they do, above 0.
        inner_errors_ms: of those only that aren't the first of their sentence.
        num_beyond: words with a span that leaves the audio, or overlaps another.
    """

    language: str
    source: str
    num_sentences: int
    errors_ms: list[float]
    inner_errors_ms: list[float]
    num_beyond: int


async def measure(names: list[str], speed: float, *, with_phones: bool = True) -> list[Measured]:
    """Return what each language comes to, at a speed."""
    engine = FormantEngine(StreamLimits(lead_s=600.0))
    await engine.start()
    try:
        return [await _measure(engine, name, LANGUAGES[name], speed, with_phones) for name in names]
    finally:
        await engine.stop()


async def _measure(
    engine: FormantEngine, name: str, language: Language, speed: float, with_phones: bool
) -> Measured:
    errors: list[float] = []
    inner: list[float] = []
    num_beyond = 0
    is_phonetic = with_phones and bool(language.front_end)
    for text in language.sentences:
        spoken = await _speak(engine, text, language.voice, speed)
        words = timed_words(text, language.front_end) if is_phonetic else words_of(text)
        spans = estimate(words, spoken.pcm, engine.sample_rate_hz)
        num_beyond += _num_beyond(spans, len(spoken.pcm) // 2)
        for index, error in _errors(words, spans, spoken.marks):
            errors.append(1000 * error / engine.sample_rate_hz)
            if index:
                inner.append(errors[-1])
    source = "phones" if is_phonetic else "letters"
    return Measured(name, source, len(language.sentences), errors, inner, num_beyond)


async def _speak(engine: FormantEngine, text: str, voice: str, speed: float) -> Utterance:
    request = SynthesisRequest(
        request_id="measured",
        model="formant",
        voice=voice,
        segments=(Segment(0, text),),
        speed=speed,
        is_timed=True,
    )
    stream = engine.generate(request)
    pcm, marks = b"", list[WordMark]()
    async for chunk in stream:
        pcm += chunk.pcm
        marks += [cue for cue in chunk.cues if isinstance(cue, WordMark)]
        stream.acknowledge(len(pcm) // 2)
    return Utterance(text, pcm, marks)


def _errors(words: tuple[Word, ...], spans: list[Span], marks: list[WordMark]) -> Iterator[tuple[int, int]]:
    """Yield index and error, in samples, of each word whose first character is marked."""
    begun: dict[int, int] = {}
    for mark in marks:
        begun.setdefault(mark.position, mark.start_sample)
    for index, (word, span) in enumerate(zip(words, spans, strict=True)):
        if word.start in begun:
            yield index, span.start - begun[word.start]


def _num_beyond(spans: list[Span], num_samples: int) -> int:
    edges = [edge for span in spans for edge in span]
    in_order = edges == sorted(edges) and (not edges or (edges[0] >= 0 and edges[-1] <= num_samples))
    return 0 if in_order else len(spans)


def median_and_p95(errors_ms: list[float]) -> tuple[float, float]:
    """Return both of the errors' sizes; NaN where there are none."""
    if not errors_ms:
        return float("nan"), float("nan")
    median, p95 = np.percentile(np.abs(errors_ms), [50, 95])
    return float(median), float(p95)
