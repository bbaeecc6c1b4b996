"""Where text may be cut while it is still being written."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.websocket.clause_detector import Clause, ClauseDetector, Ending

WORDS = st.sampled_from(
    ["Hello", "world", "3.14", "e.g.", "Dr.", "www.example.com/a?B=c.", "你好", "世界", "10,000", "No.", "5"]
)
MARKS = st.sampled_from(
    [" ", ". ", ", ", "! ", '?" ', "。", "，", "\n", "\n\n", "… ", "...", " **", "`", "[", "](/a b/) "]
)
TEXTS = st.lists(st.one_of(WORDS, MARKS), max_size=60).map("".join) | st.text(max_size=300)


def clauses(*pieces: str, is_set: bool = False) -> list[str]:
    detector = ClauseDetector(is_set=is_set)
    return [clause.text for piece in pieces for clause in detector.feed(piece)]


def all_of(pieces: list[str], *, is_set: bool) -> list[Clause]:
    detector = ClauseDetector(is_set=is_set)
    found = [clause for piece in pieces for clause in detector.feed(piece)]
    rest = detector.flush()
    return found if rest is None else [*found, rest]


@given(TEXTS, st.lists(st.integers(0, 300), max_size=20), st.booleans())
def test_how_pieces_are_cut_makes_no_difference(text: str, cuts: list[int], is_set: bool) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(edges)]
    assert all_of(pieces, is_set=is_set) == all_of([text], is_set=is_set)


@given(TEXTS, st.booleans())
def test_nothing_is_lost_or_added(text: str, is_set: bool) -> None:
    found = all_of([text], is_set=is_set)
    joined = "".join(clause.text for clause in found)
    assert text.startswith(joined)
    assert not text[len(joined) :].strip()
    assert [text[clause.start : clause.end] for clause in found] == [clause.text for clause in found]


@given(TEXTS)
def test_no_word_or_number_is_cut(text: str) -> None:
    for clause in all_of([text], is_set=False)[:-1]:
        left, right = text[clause.end - 1], text[clause.end]
        assert not (left.isalnum() and right.isalnum() and left.isascii() and right.isascii())
        assert not (left in ".," and right.isdigit() and text[clause.end - 2].isdigit())


@pytest.mark.parametrize(
    "text",
    [
        "Pi is 3.14 or so",
        "It is 3.",
        "Ask Dr. Who",
        "That is, e.g. this",
        "Go to www.example.com/a.b?c=D now",
        'He said "Stop!" and left',
        "10,000",
        "It costs 10,000,000 or more",
        "Well, no",
    ],
)
def test_what_isnt_an_end(text: str) -> None:
    assert clauses(text) == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Hello there. ", "Hello there. "),
        ("Hello there. How", "Hello there. "),
        ("Really?! Yes", "Really?! "),
        ("It is 3. Then", "It is 3. "),
        ("你好。", "你好。"),
        ("Line one\n", "Line one\n"),
        ('He said "Stop!" Then', 'He said "Stop!" '),
        ("He came from the U.S. etc. Then", "He came from the U.S. etc. "),
        ("That is a long enough beginning, ", "That is a long enough beginning, "),
        ("今天天气非常好，", "今天天气非常好，"),
    ],
)
def test_a_clause_is_out_as_soon_as_its_end_is_certain(text: str, first: str) -> None:
    assert clauses(text) == [first]


def test_the_first_comma_counts_early_and_later_ones_late() -> None:
    half = "one two three four five six, "
    text = half * 10
    found = clauses(text)
    assert found[0] == half
    assert len(found[0]) < len(found[1]) < len(found[2])


def test_an_overlong_sentence_is_cut_between_words() -> None:
    found = clauses("word " * 100)
    assert all(len(clause) <= 210 and clause.endswith(" ") for clause in found)
    assert found


@pytest.mark.parametrize(
    "text",
    [
        "Look at [this. And that. ",
        "Say [read](/R EH1 D. X",
        "```python\nprint('a. b')\nprint('c')\n",
        "| a | b |\n| - | - |\n| One. | Two. |\n",
        "Some **bold. And more. ",
        "Call `x. y. z",
        'An <a href="x. y',
    ],
)
def test_markup_is_kept_together(text: str) -> None:
    assert clauses(text, is_set=True) == []


def test_markup_that_is_closed_goes_out() -> None:
    assert clauses("Some **bold. And more.** Next", is_set=True) == ["Some **bold. And more.** "]
    fence = "```\na. b\n```\n"
    assert clauses(f"{fence}And on. ", is_set=True) == [fence, "And on. "]
    table = "| One. | Two. |\n"
    assert clauses(f"{table}And on. ", is_set=True) == [table, "And on. "]
    assert "".join(clauses("[" + "a. " * 300, is_set=True))


def test_a_pause_takes_whole_words_only() -> None:
    detector = ClauseDetector()
    assert list(detector.feed("I think it is proba")) == []
    assert detector.pause() == Clause("I think it is ", 0, Ending.NONE)
    assert detector.held == "proba"
    assert detector.pause() is None
    assert [clause.text for clause in detector.feed("bly so. ")] == ["probably so. "]


@pytest.mark.parametrize("text", ["It is 3.", "3", "你好世"])
def test_a_pause_leaves_what_may_go_on(text: str) -> None:
    detector = ClauseDetector()
    list(detector.feed(text))
    taken = detector.pause()
    assert detector.held == text.split(" ")[-1]
    assert (taken.text if taken else "") + detector.held == text


def test_a_pause_takes_a_sentence_without_a_space_after_it() -> None:
    detector = ClauseDetector()
    list(detector.feed("Hello there."))
    assert detector.pause() == Clause("Hello there.", 0, Ending.SENTENCE)


def test_a_flush_takes_all_and_begins_anew() -> None:
    detector = ClauseDetector()
    early = "one two three four five six, "
    assert [clause.text for clause in detector.feed(early)] == [early]
    list(detector.feed("par"))
    assert detector.flush() == Clause("par", len(early), Ending.NONE)
    assert [clause.text for clause in detector.feed(early)] == [early]
    list(detector.feed("  "))
    assert detector.flush() is None
    detector.clear()
    assert next(detector.feed("Hi. ")).start == 0


@pytest.mark.parametrize(
    "text",
    [
        "```\n" + "a. " * 6000,
        "| a. b |\n" * 2000,
        "[" + "a. " * 6000,
        "!. " * 6000,
        ", " * 9000,
        "a" + "." * 18_000,
        'a!"' + " " * 18_000,
        "a" + "\u0301" * 18_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """A hang, not a figure: what grew with the square of the text took 14 to 19 s."""
    began_s = time.process_time()
    list(ClauseDetector(is_set=True).feed(text))
    list(ClauseDetector().feed(text))
    assert time.process_time() - began_s < 5
