"""A timed request is told which words each segment has, and sounds the same."""

from __future__ import annotations

from tests.support.streams import chunks_of, hear
from tests.unit.models.gpt_sovits_engine.support import PAUSE_SAMPLES, request
from tts_core.engine.async_engine import BatchingEngine
from tts_core.models.gpt_sovits.places import places_of
from tts_core.timing.clock import WordClock
from tts_core.timing.marks import TextMark

# The second joins the third, since it is so short; the last holds nothing to say in English.
TEXTS = ("“Good morning”, to all of you... ", "Oh. ", "The second sentence is here? ", "สวัสดี")
TEXT = "".join(TEXTS)
WORDS = ["Good", "morning", "to", "all", "of", "you", "Oh", "The", "second", "sentence", "is", "here"]


async def test_words_come_with_their_segments_and_cost_no_bit(engine: BatchingEngine) -> None:
    chunks = await chunks_of(engine.generate(request(*TEXTS, language="en", is_timed=True)))
    whole = b"".join(chunk.pcm for chunk in chunks)
    assert whole == await hear(engine.generate(request(*TEXTS, language="en")))
    marks = [cue for chunk in chunks for cue in chunk.cues]
    assert all(isinstance(mark, TextMark) for mark in marks)
    begun = [mark.start_sample for chunk in chunks for mark in chunk.marks]
    assert [mark.start_sample for mark in marks] == [0, begun[1] - PAUSE_SAMPLES, begun[1]]
    spelled = [
        [TEXT[word.start : word.end] for word in mark.words] for mark in marks if isinstance(mark, TextMark)
    ]
    assert spelled == [WORDS[:6], [], WORDS[6:]]


async def test_estimated_words_keep_to_their_segments(engine: BatchingEngine) -> None:
    clock = WordClock(engine.sample_rate_hz)
    chunks = await chunks_of(engine.generate(request(*TEXTS, language="en", is_timed=True)))
    timed = [word for chunk in chunks for word in clock.add(chunk.pcm, chunk.start_sample, chunk.cues)]
    timed += clock.finish()
    assert [TEXT[word.start : word.end] for word in timed] == WORDS
    begun = [mark.start_sample for chunk in chunks for mark in chunk.marks]
    assert all(word.end_sample <= begun[1] - PAUSE_SAMPLES for word in timed[:6])
    assert all(word.start_sample >= begun[1] for word in timed[6:])


async def test_a_stream_that_goes_on_says_the_rest_of_its_words(engine: BatchingEngine) -> None:
    whole = await chunks_of(engine.generate(request(*TEXTS, language="en", is_timed=True)))
    rest = await chunks_of(engine.generate(request(*TEXTS, language="en", is_timed=True, first_segment=1)))
    last = [cue for chunk in whole for cue in chunk.cues][-1]
    (only,) = [cue for chunk in rest for cue in chunk.cues]
    assert isinstance(last, TextMark)
    assert isinstance(only, TextMark)
    assert only == TextMark(0, last.words)


async def test_nothing_is_said_of_words_unless_it_is_asked_for(engine: BatchingEngine) -> None:
    assert not any(chunk.cues for chunk in await chunks_of(engine.generate(request(*TEXTS, language="en"))))


def test_pieces_are_found_whatever_became_of_their_marks() -> None:
    text = "Wait… what?! 你好，世界。 End"
    assert [text[start:end] for start, end in places_of([".Wait…what?", "世界。", "End."], text)] == [
        "Wait… what",
        "世界",
        "End",
    ]
