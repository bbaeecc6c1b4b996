"""Which language each part of a mixed text is read in."""

from __future__ import annotations

import pytest

from tts_core.frontend.pipeline import phonemize, settle

# For a Han character that its dictionary lacks, pyopenjtalk-plus asks SudachiPy, by a method grown old.
pytestmark = pytest.mark.filterwarnings("ignore:Dictionary.create:DeprecationWarning")


def runs(text: str, language: str) -> list[str]:
    """Return the language of each part, and how it is read where that isn't English."""
    spans = phonemize(text, language).spans
    return [span.language if span.language == "en" else f"{span.language}:{span.text}" for span in spans]


def spoken(text: str, language: str) -> str:
    return " ".join(span.language for span in phonemize(text, language).spans)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", "zh en zh"),
        ("all_zh", "zh en zh"),
        ("ja", "ja en ja"),
        ("all_ja", "ja en ja"),
        ("ko", "ko en ko"),
        ("all_ko", "ko en ko"),
        ("yue", "yue en yue"),
        ("all_yue", "yue en yue"),
        ("auto", "zh en ja ko"),
        ("auto_yue", "yue en ja ko"),
        ("auto_ja", "zh en ja ko"),
        ("en", "en"),
    ],
)
def test_scripts_by_request_language(language: str, expected: str) -> None:
    assert spoken("你爱吃大學 apple，これはりんごです。사과입니다。", language) == expected


def test_what_nothing_is_known_of_is_in_the_language_of_the_whole_text() -> None:
    assert settle("東京都。今日は暑いですね。", "AUTO") == "auto_ja"
    assert spoken("東京都。", "auto_ja") == "ja"
    assert spoken("東京都。", "auto") == "zh"
    assert settle("我喜欢你。ありがとう。", "auto") == "auto"
    assert settle("東京都。", "auto") == "auto"
    assert settle("東京都。今日は暑いですね。", "zh") == "zh"


@pytest.mark.parametrize("language", ["auto", "zh", "ja", "ko", "yue", "en"])
def test_latin_letters_of_other_languages_are_english(language: str) -> None:
    assert spoken("Où est la bibliothèque?", language) == "en"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Kana in the clause.
        ("東京都に住んでいます。", ["ja:東京都に住んでいます."]),
        ("明日meetingがある。", ["ja:明日", "en", "ja:がある."]),
        ("人々が集う", ["ja:人々が集う"]),
        # A clause of Han characters alone, beside clauses with kana.
        ("今日は、東京都知事選挙、投票日です。", ["ja:今日は,東京都知事選挙,投票日です."]),
        ("東京都、大阪府、京都府に支店があります。", ["ja:東京都,大阪府,京都府に支店があります."]),
        ("送料無料、即日発送。詳しくはこちら。", ["ja:送料無料,即日発送.詳しくはこちら."]),
        ("山田太郎。二十五歳。趣味は読書。", ["ja:山田太郎.二十五歳.趣味は読書."]),
        # Characters that only one of the two writes.
        ("渋谷駅前", ["ja:渋谷駅前"]),
        ("你喜欢まいご吗？", ["zh:你喜欢", "ja:まいご", "zh:吗?"]),
        ("他在东京的コンビニ打工。", ["zh:他在东京的", "ja:コンビニ", "zh:打工."]),
        ("这家店叫スターバックス咖啡。", ["zh:这家店叫", "ja:スターバックス", "zh:咖啡."]),
        ("こんにちは。你好吗？", ["ja:こんにちは.", "zh:你好吗?"]),
        # Words in quotation marks are a clause of their own.
        ("宫崎骏的《千と千尋の神隠し》很好看。", ["zh:宫崎骏的", "ja:千と千尋の神隠し》", "zh:很好看."]),
        ("中国語で「謝謝」と言います。", ["ja:中国語で「謝謝」と言います."]),
        ("我用日文写了「ありがとう」。", ["zh:我用日文写了", "ja:ありがとう」."]),
        # Nothing tells.
        ("大会三月开始", ["zh:大会三月开始"]),
        ("大学", ["zh:.大学"]),
        # Hangul.
        ("我爱한국。", ["zh:我爱", "ko:한국."]),
        ("한국(韓國)은 大國이다.", ["ko:한국(한국)은 대국이다."]),
    ],
)
def test_automatic_text(text: str, expected: list[str]) -> None:
    assert runs(text, "auto") == expected


def test_where_mandarin_is_the_default_cantonese_is_the_other_one_s() -> None:
    text = "我哋今日食飯。ありがとう。東京駅です。"
    assert spoken(text, "auto_yue") == "yue ja"
    assert spoken(text, "auto") == "zh ja"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("用3个API", "zh", ["zh:用三个", "en"]),
        ("room 221B here", "zh", ["en"]),
        ("第1 Part 2 完", "zh", ["zh:第一", "en", "zh:二完"]),
        ("这是GPT-4，真的很好", "zh", ["zh:这是", "en", "zh:真的很好"]),
        ("I have 20。三个苹果", "zh", ["en", "zh:三个苹果"]),
        ("Version 3.5版好", "zh", ["en", "zh:三点五版好"]),
        ("iPhone 15を買う", "auto", ["en", "ja:15を買う"]),
        ("これは本3个苹果吗", "auto", ["ja:これは", "zh:本三个苹果吗"]),
        ("2024", "auto_yue", ["yue:二零二四"]),
        ("2024", "ja", ["ja:2024"]),
    ],
)
def test_digits_between_languages(text: str, language: str, expected: list[str]) -> None:
    assert runs(text, language) == expected


def test_digits_are_the_languages_own_where_all_is() -> None:
    assert spoken("room 221 here", "all_zh") == spoken("room 221 here", "all_ja").replace("ja", "zh")
    assert spoken("room 221 here", "all_zh") == "en zh en"
    assert spoken("room 221 here", "zh") == "en"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("10km先、5GBまで", "ja", ["ja:10キロメートル先,5ギガバイトまで"]),
        ("５ＧＢのメモリ", "all_ja", ["ja:5ギガバイトのメモリ"]),
        ("時速120km/hで走る", "auto", ["ja:時速120キロメートル毎時で走る"]),
        ("3D映画とMP3", "ja", ["ja:3d映画とmp3"]),
        ("10km를 3:30pm에", "ko", ["ko:십 킬로미터를 오후 세 시 삼십 분에"]),
        ("MP3와 A4 용지", "auto", ["ko:엠피삼와 에이사 용지"]),
        ("行咗10km，俾咗HK$50", "yue", ["yue:行咗十公里,俾咗五十港元"]),
        ("10kmを走る。5GB的内存很大", "auto", ["ja:10キロメートルを走る.", "en", "zh:的内存很大"]),
        ("今天25°C，很热", "zh", ["zh:今天二十五度,很热"]),
    ],
)
def test_units_beside_digits_stay_with_the_language_that_reads_them(
    text: str, language: str, expected: list[str]
) -> None:
    assert runs(text, language) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("iPhone15を買う", "ja", "en ja"),
        ("5Gの時代だ", "ja", "en ja"),
        ("Wi-Fi6를 써요", "ko", "en ko"),
        ("睇3D戲啦", "yue", "yue en yue"),
        ("25°Celsiusです", "ja", "en ja"),
    ],
)
def test_other_latin_letters_beside_digits_are_english(text: str, language: str, expected: str) -> None:
    assert spoken(text, language) == expected


@pytest.mark.parametrize("language", ["zh", "ja", "ko", "yue", "en", "auto"])
def test_letters_that_cannot_be_said_are_counted_and_pictures_are_not(language: str) -> None:
    plain = phonemize("你好 hello 大学 2024", language)
    decorated = phonemize("你好 hello 大学 2024😀★🎉", language)
    foreign = phonemize("你好 hello 大学 2024 привет", language)
    assert plain.num_dropped == decorated.num_dropped == foreign.num_dropped - 6
    assert plain.phones == decorated.phones
