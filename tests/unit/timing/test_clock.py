"""Words come out as soon as they are known, and the same however the stream was cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.timing.signals import RATE_HZ, silence, tone
from tts_core.timing.clock import TimedWord, WordClock
from tts_core.timing.marks import Cue, TextMark, Word, WordMark

HELLO = (Word(0, 5, 300, 2), Word(7, 12, 300, 1), Word(13, 16, 300, 3))
AGAIN = (Word(18, 23, 200, 3),)
PCM = tone(0.5) + silence(0.2) + tone(0.7) + silence(0.3) + tone(0.4) + silence(0.1)
CUES: list[Cue] = [
    TextMark(0, HELLO),
    WordMark(160, 0),
    WordMark(11_200, 7),
    TextMark(22_400, ()),
    TextMark(27_200, AGAIN),
    WordMark(27_200, 18),
]


def run(pcm: bytes, cues: list[Cue], cuts: list[int]) -> list[TimedWord]:
    clock, timed = WordClock(RATE_HZ), list[TimedWord]()
    edges = [0, *sorted(cuts), len(pcm) // 2]
    for start, end in pairwise(edges):
        own = [cue for cue in cues if start <= cue.start_sample < end]
        timed += clock.add(pcm[2 * start : 2 * end], start, own)
    return timed + clock.finish()


def test_a_marked_word_begins_at_its_mark_and_ends_in_silence() -> None:
    timed = run(PCM, CUES, [])
    assert [word[:2] for word in timed] == [(0, 5), (7, 12), (13, 16), (18, 23)]
    assert timed[0].start_sample == 160
    assert timed[0].end_sample == 8000
    assert timed[1].start_sample == 11_200
    assert timed[1].end_sample == timed[2].start_sample == 11_200 + 4800
    assert timed[2].end_sample == 22_400
    assert (timed[3].start_sample, timed[3].end_sample) == (27_200, 27_200 + 6400)


@settings(max_examples=100, deadline=None)
@given(cuts=st.lists(st.integers(0, len(PCM) // 2), max_size=8), num_cues=st.integers(1, len(CUES)))
def test_where_the_stream_is_cut_changes_nothing(cuts: list[int], num_cues: int) -> None:
    assert run(PCM, CUES[:num_cues], cuts) == run(PCM, CUES[:num_cues], [])


def test_a_word_is_given_as_soon_as_the_next_one_begins() -> None:
    clock = WordClock(RATE_HZ)
    assert clock.add(PCM[: 2 * 11_000], 0, CUES[:2]) == []
    assert [word.start for word in clock.add(PCM[2 * 11_000 : 2 * 12_000], 11_000, [CUES[2]])] == [0]


def test_without_marks_words_are_given_where_their_text_ends() -> None:
    clock = WordClock(RATE_HZ)
    assert clock.add(PCM[: 2 * 22_000], 0, CUES[:1]) == []
    assert len(clock.add(PCM[2 * 22_000 : 2 * 23_000], 22_000, [CUES[3]])) == 3


def test_a_mark_on_a_sign_between_words_ends_what_precedes_it() -> None:
    """2 + 3: the sign is spoken, and belongs to neither number."""
    numbers = (Word(0, 1, 300), Word(4, 5, 300, 3))
    timed = run(tone(0.9), [TextMark(0, numbers), WordMark(0, 0), WordMark(4800, 2), WordMark(9600, 4)], [])
    assert [(word.start_sample, word.end_sample) for word in timed] == [(0, 4800), (9600, 14_400)]


def test_characters_without_spaces_end_where_the_next_one_begins() -> None:
    pair = (Word(0, 1, 200, 0), Word(1, 2, 200, 3))
    timed = run(tone(0.9), [TextMark(0, pair), WordMark(0, 0), WordMark(9600, 1)], [])
    assert timed == [TimedWord(0, 1, 0, 9600), TimedWord(1, 2, 9600, 14_400)]


def test_marks_within_a_word_dont_end_it() -> None:
    timed = run(tone(0.6), [TextMark(0, (Word(0, 4, 500),)), WordMark(0, 0), WordMark(3000, 2)], [])
    assert timed == [TimedWord(0, 4, 0, 9600)]


def test_audio_without_words_is_passed_over() -> None:
    assert run(PCM, [], [500]) == []
