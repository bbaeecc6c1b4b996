"""The formant engine says which word it begins when, and speaks no differently for it."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.streams import chunks_of, hear
from tests.unit.models.formant.support import STORY, make_request
from tts_core.engine.chunks import AudioChunk
from tts_core.engine.stream import SpeechStream, StreamLimits
from tts_core.models.formant.engine import FormantEngine
from tts_core.request import SynthesisRequest
from tts_core.timing.clock import TimedWord, WordClock
from tts_core.timing.marks import Cue, TextMark, WordMark


def timed(request: SynthesisRequest) -> SynthesisRequest:
    return dataclasses.replace(request, is_timed=True)


def cues_of(chunks: list[AudioChunk]) -> list[Cue]:
    return [cue for chunk in chunks for cue in chunk.cues]


@pytest.mark.parametrize("speed", [0.4, 1.0, 3.0])
async def test_the_audio_is_the_same(engine: FormantEngine, speed: float) -> None:
    plain = make_request(*STORY, speed=speed)
    chunks = await chunks_of(engine.generate(timed(make_request(*STORY, speed=speed))))
    assert b"".join(chunk.pcm for chunk in chunks) == await hear(engine.generate(plain))


async def test_nothing_is_said_of_words_unless_it_is_asked_for(engine: FormantEngine) -> None:
    assert cues_of(await chunks_of(engine.generate(make_request(*STORY)))) == []


@pytest.mark.parametrize("speed", [0.4, 1.0, 3.0])
async def test_marks_travel_with_the_samples_that_they_are_about(engine: FormantEngine, speed: float) -> None:
    chunks = await chunks_of(engine.generate(timed(make_request(*STORY, speed=speed))))
    for chunk in chunks:
        inside = range(chunk.start_sample, chunk.start_sample + chunk.num_samples)
        assert all(cue.start_sample in inside for cue in chunk.cues)
    samples = [cue.start_sample for cue in cues_of(chunks)]
    assert samples == sorted(samples)


async def test_every_word_of_every_segment_is_marked(engine: FormantEngine) -> None:
    text = "".join(STORY)
    cues = cues_of(await chunks_of(engine.generate(timed(make_request(*STORY)))))
    texts = [cue for cue in cues if isinstance(cue, TextMark)]
    written = [text[word.start : word.end] for one in texts for word in one.words]
    assert written[:3] == ["It", "was", "a"]
    assert written[-4:] == ["come", "to", "mend", "them"]
    marked = {cue.position for cue in cues if isinstance(cue, WordMark)}
    begun = [word for one in texts for word in one.words if word.start in marked]
    assert len(begun) > 0.75 * len(written)  # some short words are spoken as one with the next


async def timed_words(engine: FormantEngine, *texts: str, speed: float = 1.0) -> list[TimedWord]:
    clock = WordClock(engine.sample_rate_hz)
    chunks = await chunks_of(engine.generate(timed(make_request(*texts, speed=speed))))
    words = [word for chunk in chunks for word in clock.add(chunk.pcm, chunk.start_sample, chunk.cues)]
    return words + clock.finish()


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.5])
async def test_the_second_segment_begins_where_it_is_heard(engine: FormantEngine, speed: float) -> None:
    """Its first word is where its audio is, which alone is as long as it is in company."""
    words = await timed_words(engine, "Hello there. ", "Goodbye!", speed=speed)
    alone = await hear(engine.generate(make_request("Hello there. ", "Goodbye!", speed=speed)))
    last = await hear(engine.generate(make_request("Goodbye!", speed=speed)))
    assert [word[:2] for word in words] == [(0, 5), (6, 11), (13, 20)]
    assert words[-1].start_sample == (len(alone) - len(last)) // 2
    assert words[1].end_sample < words[2].start_sample <= words[2].end_sample <= len(alone) // 2


async def test_a_segment_has_its_words_where_it_would_have_them_alone(engine: FormantEngine) -> None:
    whole = await timed_words(engine, *STORY[:2])
    alone = await timed_words(engine, STORY[1])
    second = whole[-len(alone) :]
    assert second[0].start == len(STORY[0])
    starts = [word.start_sample - second[0].start_sample for word in second]
    assert starts == [word.start_sample - alone[0].start_sample for word in alone]


async def test_what_is_said_of_a_sample_comes_with_it(engine: FormantEngine) -> None:
    stream = SpeechStream(22_050, StreamLimits(first_chunk_s=0.01, max_chunk_s=0.01))
    for sample in (0, 220, 439, 440):
        stream.cue(WordMark(sample, 0))
    stream.write(bytes(2 * 661))
    stream.finish()
    said = [[cue.start_sample - chunk.start_sample for cue in chunk.cues] async for chunk in stream]
    assert said == [[0], [0, 219], [0], []]


async def test_faster_speech_has_its_words_earlier(engine: FormantEngine) -> None:
    """The same words at the same place of the whole, at the library's speed and at libsonic's."""
    ends = {}
    for speed in (1.0, 3.0):
        words = await timed_words(engine, STORY[0], speed=speed)
        ends[speed] = [word.start_sample / words[-1].end_sample for word in words]
    assert ends[3.0] == pytest.approx(ends[1.0], abs=0.06)
