"""Which pieces of a text are left out because there is nothing to say in them, and how that is counted."""

from __future__ import annotations

import pytest

from tts_core.errors import EmptyInput
from tts_core.frontend.lexicon import Lexicon, mark_inline_phones
from tts_core.models.gpt_sovits.conditioning import Piece, pieces_of, sayable
from tts_core.request import Segment


def test_what_is_left_out_counts_with_the_piece_after_it_or_else_the_last() -> None:
    pieces = ["สวั.", "One.", "ดี", "!", "Two.", "ครับ"]
    kept = sayable(pieces, "en", "v2", Lexicon("en"))
    assert kept == [Piece("One.", 2), Piece("Two.", 1 + 3)]


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "𪚥。"), ("ja", "ー。"), ("ja", "々。"), ("auto", "ー。"), ("ko", "ㆍ.")]
)
def test_what_nobody_can_say_is_left_out_whatever_its_script(language: str, text: str) -> None:
    """Or it would end the speech in its midst, when its turn comes to be read."""
    kept = sayable(["Good day.", text], language, "v2", Lexicon(language))
    assert [piece.text for piece in kept] == ["Good day."]


def test_words_whose_phones_were_given_are_said_in_any_script() -> None:
    text, phones = mark_inline_phones("[สวัสดี](/S AA0 W AA1 D IY0/)", 1)
    assert sayable([text], "en", "v2", Lexicon("en", inline=phones)) == [Piece(text, 0)]
    words = (("สวัสดี", "S AA0 W AA1 D IY0"),)
    assert sayable(["สวัสดี"], "en", "v2", Lexicon("en", words=words)) == [Piece("สวัสดี", 0)]
    with pytest.raises(EmptyInput):
        sayable(["ครับ"], "en", "v2", Lexicon("en", words=words))


@pytest.mark.parametrize("nothing", ["-----", "......", "★★★★★"])
def test_a_segment_of_marks_alone_does_not_end_those_beside_it(nothing: str) -> None:
    texts = ("Hello to you all.", nothing, "Good day to you.")
    pieces = pieces_of([Segment(index, text) for index, text in enumerate(texts)], "en")
    kept = sayable(pieces, "en", "v2", Lexicon("en"))
    assert [piece.text for piece in kept] == ["Hello to you all.", "Good day to you."]
    with pytest.raises(EmptyInput):
        sayable(pieces_of([Segment(0, nothing)], "en"), "en", "v2", Lexicon("en"))
