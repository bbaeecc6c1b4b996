"""Readings as the reference has them: golden sentences, its rules on others, and nothing shared with ours."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.unit.frontend.golden import GOLDEN, REFERENCE_DIFFERENT
from tests.unit.frontend.test_properties import TEXTS, check
from tts_core.errors import EmptyInput, InvalidParameter, MissingDependency
from tts_core.frontend.chinese.reference import FrontEnd as Chinese
from tts_core.frontend.chinese.reference.normalise import normalise as normalise_chinese
from tts_core.frontend.english import reference
from tts_core.frontend.english.compounds import WordParter
from tts_core.frontend.english.reference.normalise import normalise as normalise_english
from tts_core.frontend.languages import load_front_end, supported_languages
from tts_core.frontend.lexicon import Lexicon
from tts_core.frontend.pipeline import holds_speech, phonemize, phonemize_prompt

pytestmark = pytest.mark.filterwarnings("ignore:Dictionary.create:DeprecationWarning")
ROWS = [(language, case) for language in ("en", "zh") for case in GOLDEN[language]]


def _name(value: object) -> str | None:
    return f"{value.get('lang', '')}-{value['text'][:20]}" if isinstance(value, dict) else None


def test_hardly_any_golden_row_is_an_exception() -> None:
    rows = {case["text"] for group in ("en", "zh", "pipe") for case in GOLDEN[group]}
    assert set(REFERENCE_DIFFERENT) <= rows
    assert len(REFERENCE_DIFFERENT) <= 3


@pytest.mark.parametrize(("language", "case"), ROWS, ids=_name)
def test_golden_phones_text_and_alignment(language: str, case: dict[str, Any]) -> None:
    read = load_front_end(language, "reference").pronounce(case["text"])
    same = " ".join(read.phones) == case["phones"] and read.text == case["norm"]
    assert same == (case["text"] not in REFERENCE_DIFFERENT)
    if language == "zh":
        assert read.word2ph is not None
        assert " ".join(map(str, read.word2ph)) == case["word2ph"]


@pytest.mark.parametrize("case", GOLDEN["pipe"], ids=_name)
def test_golden_phones_of_requests(case: dict[str, Any]) -> None:
    sequence = phonemize(case["text"], case["lang"], readings="reference")
    assert (" ".join(sequence.phones) == case["phones"]) == (case["text"] not in REFERENCE_DIFFERENT)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("at 13:05, 0:30 and 9:00", "at one five p.m. zero thirty a.m. and nine o'clock a.m."),
        ("born in 1990. He", "born in one thousand, nine hundred and ninetieth, He"),
        ("1001 1905 2007", "ten oh one nineteen oh five two thousand seven"),
        ("3023 100 1100000", "three thousand twenty-three one hundred one million, one hundred thousand"),
        ("£7.14 or $0.01", "seven pounds and fourteen pence or one cent"),
        ("32.3$, $1", "thirty-two dollars and thirty cents, one dollar"),
        ("cats - dogs = 3 + 4", "cats minus dogs Equals three plus four"),
        ("20h 1L 0.1km 5km/h", "twenty hours one liter zero point one kilometers five kilometersh"),
        ("1/3, 22/7, 3/2, 6/1", "one third, twenty-two sevenths, three halves, six"),
        ("113th 2,345th", "one hundred and thirteenth two thousand, three hundred and forty-fifth"),
        ("McDonald's AI & HTML5", "Mc Donald's A I  H T M Lfive"),
        ("“So” – it is; 50% off…", "So  it is fifty percent off"),
        ("wait , no ?! (ok)", "wait  no  ok"),
        ("3,4,5 1.2.3", "three hundred forty-five one point two.three"),
    ],
)
def test_what_english_comes_to(written: str, spoken: str) -> None:
    assert normalise_english(written)[0] == spoken


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("thirty-four", "TH ER1 T AY0 F R UH0 R"),  # in no dictionary, not two words to it, so guessed
        ("sixty-seven", "S IH1 K S T IY0 S EH1 V AH0 N"),
        ("Dr.", "D R AY1 V ."),
        ("kubernetes", "K UW1 B ER0 N EH1 T EH1 S"),
        ("end.the", "EH1 N D DH AH0"),  # the name of a site, so that its full stop isn't heard
        ("alfred notices", "AE1 L F R IH0 D N OW1 T IH0 S IH0 Z"),
        ("the lead", "DH AH0 L EH1 D"),
        ("Jones' own", "JH OW1 N Z - OW1 N"),
        ("bosses's", "B AO1 S IH0 Z AH0 Z"),
    ],
)
def test_words_in_english(word: str, phones: str) -> None:
    assert " ".join(load_front_end("en", "reference").pronounce(word).phones) == phones


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("1,234,567个", "一,二三四,五百六十七个"),
        ("会议8:30-12:45，14:05，02:00:09", "会议八点半至十二点半,十四点零五分,二点零九秒"),
        ("2024年3月5日 20年 99年12月", "二零二四年三月五日二零年九九年十二月"),
        ("2024-03-05", "二零二四年三月五日"),
        ("5-10天，5~10天", "五减十天,五到十天"),
        ("-5.5元，-3%，-1/3", "负五零点五元,负百分之三,负三分之一"),
        ("-10度~20℃", "零下十度至二十度"),
        ("010-12345678", "零幺零减幺二三四五六七八"),
        ("2个100个12345", "两个一百个幺二三四五"),
        ("v1.2.3和3.50", "一点二点三和三点五零"),
        ("5m²，3×4=12", "五平方米,三乘四等于十二"),
        ("他&她 A/B ①α", "他她每一阿尔法"),
        ("¥100，$5", "幺零零,五"),
        ("好的…嗯——~", "好的…恩…"),
        ("乾隆看著臺灣的榜樣", "乾隆看著台湾的搒样"),
    ],
)
def test_what_chinese_comes_to(written: str, spoken: str) -> None:
    assert normalise_chinese(written)[0] == spoken


def test_two_signs_make_every_comma_of_chinese_a_pause_of_its_own() -> None:
    read = Chinese().pronounce("一共，￥三元，^四元")
    assert [phone for phone in read.phones if phone.startswith("SP")] == ["SP2", "SP2"]
    assert "SP3" in Chinese().pronounce("一共，三元^四元").phones


@pytest.mark.parametrize(
    ("text", "language", "runs"),
    [
        ("我买了5km的iPhone15，好吗？", "zh", "zh:我买了五 en:km zh:的 en:i Phonefifteen zh:好吗?"),
        ("速度5km/h，温度", "auto", "zh:速度 en:five kilometersh zh:温度"),
        ("速度5km/h，温度", "all_zh", "zh:速度五 en:kmh zh:温度"),
        ("I have 3只猫吧", "auto", "en:I have three zh:只猫吧"),
        ("安装A/B测试版的C++", "zh", "zh:安装 en:A B zh:测试版的 en:C"),
        ("气温20℃，很好", "auto", "zh:气温二十度,很好"),
    ],
)
def test_whose_digits_signs_and_marks_are(text: str, language: str, runs: str) -> None:
    spans = phonemize(text, language, readings="reference").spans
    assert " ".join(f"{span.language}:{span.text.strip()}" for span in spans) == runs


_ALTERNATED = (
    "Dr. Smith's 34 dogs, thirty-four of 放大率为￥5，分子。",
    "一九四九年的cats & dogs，标识和分子",
)
_ALONE = """
import sys
from tts_core.frontend.pipeline import phonemize
for text in sys.argv[2:]:
    print(*phonemize(text, "zh", readings=sys.argv[1]).phones)
"""


def test_readings_that_alternate_are_those_of_a_process_of_their_own() -> None:
    alone = {
        readings: subprocess.run(
            [sys.executable, "-c", _ALONE, readings, *_ALTERNATED], check=True, capture_output=True, text=True
        ).stdout.split("\n")[:-1]
        for readings in ("natural", "reference")
    }
    assert alone["natural"][0] != alone["reference"][0]
    assert alone["natural"][1] != alone["reference"][1]
    for _ in range(2):
        for index, text in enumerate(_ALTERNATED):
            assert " ".join(phonemize(text, "zh").phones) == alone["natural"][index]
            assert " ".join(phonemize(text, "zh", readings="reference").phones) == alone["reference"][index]


def test_given_readings_hold_in_both() -> None:
    words = {"Polyvox": "P AA1 L IY0 V AA2 K S", "分子": "fen1 zi5"}
    lexicon = Lexicon("zh", None, words.items())
    phones = " ".join(phonemize("我用Polyvox & 分子，34", "zh", lexicon=lexicon, readings="reference").phones)
    assert "P AA1 L IY0 V AA2 K S" in phones
    assert "f en1 z i05" in phones


def test_other_readings_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="known: natural, reference"):
        phonemize("hello", "en", readings="dialect")  # type: ignore[arg-type]


def test_what_only_ours_can_say_holds_no_speech() -> None:
    assert holds_speech("& = 5", "en")
    assert holds_speech("&", "en")
    assert not holds_speech("&", "en", readings="reference")
    assert phonemize_prompt("Hi & bye now", "en", readings="reference").text == "Hi  bye now."


def test_words_are_parted_where_it_is_likeliest() -> None:
    parter = WordParter()
    assert parter.part("this-is'aTest") == ["this", "is", "a", "test"]
    assert parter.part("qqq") == ["qqq"]
    assert "".join(parter.part("thequickbrownfox" * 20)) == "thequickbrownfox" * 20


def test_a_missing_package_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file(package: str, *parts: str) -> None:
        raise MissingDependency(f"{package} is missing")

    monkeypatch.setattr(reference, "package_file", no_file)
    with pytest.raises(MissingDependency, match="wordsegment"):
        reference.FrontEnd()


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
@pytest.mark.parametrize("language", supported_languages())
def test_any_text_gives_phones_or_nothing_to_say(language: str, text: str) -> None:
    try:
        sequence = phonemize(text, language, readings="reference")
    except EmptyInput:
        return
    check(sequence, "v2")


@pytest.mark.parametrize("unit", ["1", "1.", "a", "a.", "$1", "-1", "1/", "万", "1,", "a-", " ", "²", "1:"])
def test_long_texts_are_read(unit: str) -> None:
    for language in ("en", "all_zh"):
        check(phonemize("好 a " + unit * 2000, language, readings="reference"), "v2")
