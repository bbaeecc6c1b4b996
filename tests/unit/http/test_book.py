"""What is remembered of speeches is bounded, and each payer's own."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.http.book import MAX_AGE_S, MAX_CHARS, MAX_SPEECHES, Book, Entry
from deployments.http.form import Form
from deployments.speech import Origin
from tests.unit.keys.support import Clock
from tts_core.audio.formats import AudioFormat
from tts_core.engine.chunks import SegmentMark
from tts_core.errors import UnknownSpeech
from tts_core.request import Segment, SynthesisRequest


def entry(name: str, payer: str = "", text: str = "Hello.", **changes: Any) -> Entry:
    segments = (Segment(0, text),)
    request = SynthesisRequest(request_id=name, model="m", voice="v", segments=segments, **changes)
    return Entry(Origin(request, 0, name, payer, "f"), 24_000, Form(AudioFormat.PCM))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(clock: Clock) -> Book:
    return Book(clock)


def knows(book: Book, name: str, payer: str = "") -> bool:
    try:
        return book.find(payer, name).origin.name == name
    except UnknownSpeech:
        return False


def test_each_payer_has_names_of_their_own(book: Book) -> None:
    mine, theirs = entry("call", "alice"), entry("call", "bob")
    book.add(mine)
    book.add(theirs)
    assert book.find("alice", "call") is mine
    assert book.find("bob", "call") is theirs
    assert not knows(book, "call")


def test_the_latest_of_a_name_counts(book: Book) -> None:
    book.add(entry("call"))
    later = entry("call")
    book.add(later)
    assert book.find("", "call") is later
    assert len(book) == 1


def test_what_nobody_uses_is_forgotten(book: Book, clock: Clock) -> None:
    used, unused = entry("used"), entry("unused")
    book.add(unused)
    book.add(used)
    clock.now_s += MAX_AGE_S - 1
    book.touch(used)
    clock.now_s += 2
    assert (knows(book, "used"), knows(book, "unused")) == (True, False)
    book.touch(unused)
    assert not knows(book, "unused")


def test_the_number_is_bounded(book: Book) -> None:
    for number in range(MAX_SPEECHES + 1):
        book.add(entry(str(number)))
    assert len(book) == MAX_SPEECHES
    assert (knows(book, "0"), knows(book, "1")) == (False, True)


def test_the_texts_are_bounded(book: Book) -> None:
    half = "a" * (MAX_CHARS // 2)
    for name in ("first", "second", "second", "third"):
        book.add(entry(name, text=half))
    assert [knows(book, name) for name in ("first", "second", "third")] == [False, True, True]


def test_what_comes_with_the_texts_counts(book: Book) -> None:
    half = "a" * (MAX_CHARS // 2)
    for name in ("first", "second", "third"):
        book.add(entry(name, lexicon=(("word", half),)))
    assert [knows(book, name) for name in ("first", "second", "third")] == [False, False, True]


def test_segments_are_noted_once_and_found_by_their_samples() -> None:
    one = entry("call")
    for mark in (SegmentMark(0, 0), SegmentMark(2, 700, 3), SegmentMark(2, 700, 3), SegmentMark(3, 900, 3)):
        one.note(mark)
    assert [mark.segment for mark in one.marks] == [0, 2, 3]
    assert [one.mark_before(at).segment for at in (0, 699, 700, 899, 10_000)] == [0, 0, 2, 2, 3]
    assert entry("new").mark_before(500) == SegmentMark(0, 0)
