"""Japanese: the reference's phones, what is said for numbers and signs, added words, and any text at all."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyopenjtalk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.errors import InvalidParameter, MissingDependency
from tts_core.frontend.japanese import _PIECE, FrontEnd, UserWord
from tts_core.frontend.japanese.normalise import normalise
from tts_core.frontend.symbols import UNK, symbol_table

_DATA = Path(__file__).parent / "data"


def _table(name: str) -> list[list[str]]:
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("# ")]


GOLDEN = _table("golden_ja.tsv")
SPOKEN = _table("spoken_ja.tsv")
_OFFLINE = """
import socket, sys

def refuse(*args, **kwargs):
    raise AssertionError("the network was used")

socket.socket = socket.create_connection = socket.getaddrinfo = refuse
from tts_core.frontend.japanese import FrontEnd
assert FrontEnd().pronounce("今日は、100円です。").phones
others = ("tts_core.frontend.english", "tts_core.frontend.chinese")
print([name for name in sys.modules if name.startswith(others)])
print([name for name in ("torch", "transformers", "jieba", "ray") if name in sys.modules])
"""


@pytest.fixture(scope="module")
def japanese() -> FrontEnd:
    return FrontEnd()


@pytest.mark.parametrize(("text", "reference", "ours"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_phones_and_marks_are_those_of_the_references_rules(
    text: str, reference: str, ours: str, japanese: FrontEnd
) -> None:
    phones = japanese.pronounce(text).phones
    assert " ".join(phones) == (reference if ours == "=" else ours)


@pytest.mark.parametrize(("text", "reference", "ours"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_where_accents_differ_from_the_reference_sounds_do_not(
    text: str, reference: str, ours: str, japanese: FrontEnd
) -> None:
    marks = {"[", "]", "#"}
    sounds = [phone for phone in japanese.pronounce(text).phones if phone not in marks]
    assert sounds == [phone for phone in reference.split() if phone not in marks]


@pytest.mark.parametrize(("written", "spoken", "num_dropped"), SPOKEN, ids=[row[0] for row in SPOKEN])
def test_what_is_said(written: str, spoken: str, num_dropped: str, japanese: FrontEnd) -> None:
    assert japanese.reading(written) == spoken
    assert japanese.pronounce(written).num_dropped == int(num_dropped)


@pytest.mark.parametrize(
    ("written", "normalised"),
    [
        ("改行\nして", "改行.して"),
        ("全角　空白", "全角　空白"),
        ("5/3(金)に会う", "5月3日,金曜日に会う"),
        ("〒150-0001 東京", "郵便番号イチゴーゼロのゼロゼロゼロイチ,東京"),
        ("待って！！！", "待って!"),
        ("そう――だね", "そう―だね"),
        ("最高〜！", "最高ー!"),
        ("Wi-Fi", "wi-fi"),
        ("株価は\u202b5\u200b％", "株価は5パーセント"),
        ("か\u3099ん", "がん"),
        ("12345678901234567", "イチニーサンヨンゴーロクナナハチキューゼロイチニーサンヨンゴーロクナナ"),
    ],
)
def test_normalised_text(written: str, normalised: str) -> None:
    assert normalise(written) == (normalised, 0)


def test_version_1_has_sounds_only() -> None:
    phones = ("h", "a", "[", "sh", "i", "]", "o", "#")
    ids = symbol_table("v1").ids(phones)
    unknown = symbol_table("v1").ids([UNK])[0]
    assert [identifier == unknown for identifier in ids] == [phone in "[]#" for phone in phones]


def test_brackets_alone_are_nothing_to_say(japanese: FrontEnd) -> None:
    assert japanese.pronounce("「」『』").phones == ()
    assert japanese.pronounce("「！」").phones == ("!",)


@pytest.mark.parametrize("loanword", ["クァルテット", "グァム", "テューバ", "フュージョン"])
def test_sounds_of_loanwords_are_in_the_table(loanword: str, japanese: FrontEnd) -> None:
    assert all(phone in symbol_table("v2") for phone in japanese.pronounce(loanword).phones)


def test_letters_without_a_reading_are_counted(japanese: FrontEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    assert japanese.pronounce("안녕はい").num_dropped == 2
    unread = [{"string": "龘", "pron": "、", "mora_size": 0}]
    monkeypatch.setattr(japanese._open_jtalk, "_features", lambda text: unread)
    assert japanese.pronounce("龘").num_dropped == 1


def test_added_words_are_read_as_given(japanese: FrontEnd) -> None:
    words = [
        UserWord("推し活", "オシカツ"),
        UserWord("GPT", "グプト", accent=2),
        UserWord("主殿", "アルジドノ", 3),
    ]
    taught = FrontEnd(words)
    assert taught.reading("主殿は推し活とGPTで100円") == "アルジドノワオシカツトグプトデヒャクエン"
    assert japanese.reading("GPT") == "ジーピーティー"
    phones = " ".join(taught.pronounce("推し活とGPT").phones)
    assert phones == "o [ sh i k a ts u t o # g u [ p u ] t o"


def test_the_longest_added_word_wins() -> None:
    taught = FrontEnd([UserWord("青", "アカ"), UserWord("青山", "キヤマ"), UserWord("山", "ヤ")])
    assert taught.reading("青山") == "キヤマ"
    taught = FrontEnd([UserWord("GPT", "グプト"), UserWord("GPTX", "グプテクス")])
    assert taught.reading("GPTXとGPT") == "グプテクストグプト"


def test_an_added_word_beats_its_namesake_but_no_longer_word(japanese: FrontEnd) -> None:
    taught = FrontEnd([UserWord("京都", "ミヤコ"), UserWord("明日", "アス", 2)])
    assert taught.reading("京都と東京都へ、明日行く") == "ミヤコトトーキョートエ,アスイク"
    assert japanese.reading("明日行く") == "アシタイク"


@pytest.mark.parametrize(
    ("surface", "reading", "accent", "param"),
    [
        ("", "ア", 0, "surface"),
        ("a,b", "ア", 0, "surface"),
        ("推し\n活", "ア", 0, "surface"),
        ("推し活", "おしかつ", 0, "reading"),
        ("推し活", "", 0, "reading"),
        ("推し活", "オシカツ", 5, "accent"),
        ("推し活", "オシカツ", -1, "accent"),
        ("社", "シャ", 2, "accent"),
    ],
)
def test_words_that_cannot_be_added(surface: str, reading: str, accent: int, param: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        UserWord(surface, reading, accent)
    assert refused.value.param == param


def test_works_without_the_options_of_pyopenjtalk_plus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyopenjtalk, "run_frontend", lambda text: None)
    assert " ".join(FrontEnd().pronounce("橋を渡る。").phones) == "h a [ sh i ] o # w a [ t a r u ."


def test_a_missing_dictionary_is_an_error_not_a_download(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pyopenjtalk, "OPEN_JTALK_DICT_DIR", bytes(tmp_path / "none"))
    with pytest.raises(MissingDependency, match="OPEN_JTALK_DICT_DIR"):
        FrontEnd()


def test_neither_the_network_nor_another_language_is_touched() -> None:
    done = subprocess.run([sys.executable, "-c", _OFFLINE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["[]", "[]"]


def test_threads_get_the_same_phones(japanese: FrontEnd) -> None:
    texts = [row[0] for row in GOLDEN]
    alone = [japanese.pronounce(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(japanese.pronounce, texts * 4)) == alone * 4


_JAPANESE_TEXT = st.text(
    "あんっーャゝ々漢字東〇カﾞ｡0159.,:/-〜~¥$%^()「」…!?？ aZé\u3099\u200b\ud800😀#@=+×\n", max_size=60
)


# For a Han character that its dictionary lacks, pyopenjtalk-plus asks SudachiPy, by a method grown old.
@pytest.mark.filterwarnings("ignore:Dictionary.create:DeprecationWarning")
@settings(max_examples=200, deadline=None)
@given(text=st.one_of(st.text(max_size=40), _JAPANESE_TEXT))
def test_any_text_is_read_with_symbols_of_the_table(text: str, japanese: FrontEnd) -> None:
    read = japanese.pronounce(text)
    assert all(phone == "#" or phone in symbol_table("v2") for phone in read.phones)
    assert 0 <= read.num_dropped <= 20 * len(text)
    assert read.word2ph is None


_DIGITS_AND_SIGNS = (
    "1",
    "1.",
    "1,",
    "1-",
    "1+",
    "1/",
    "2^",
    "1:0",
    "09-",
    "(0",
    "$1",
    "1 km",
    "-",
    "。",
    "「",
    "😀",
)
_LETTERS = (
    "a.",
    "a@",
    "http://",
    "a.com/",
    "一",
    "一〇",
    "〇",
    "ー",
    "〜",
    "ゝ",
    "か\u3099",
    "ﾞ",
    "e\u0301\u0323",
)
_SPACES = ("\u3000", "\ud800")


@pytest.mark.timeout(75)
@pytest.mark.parametrize("unit", _DIGITS_AND_SIGNS + _LETTERS + _SPACES)
def test_long_monotonous_text_is_normalised_in_time(unit: str) -> None:
    spoken, num_dropped = normalise(unit * (50_000 // len(unit)))
    assert len(spoken) <= 450_000
    assert num_dropped >= 0


@pytest.mark.parametrize(
    ("unit", "num_dropped"), [("あ「「「「「「「「「", 0), ("漢字　　　　　　　　", 0), ("😀", 0), ("ー", 0)]
)
def test_100_000_characters_are_read(unit: str, num_dropped: int, japanese: FrontEnd) -> None:
    repeats = 100_000 // len(unit)
    assert japanese.pronounce(unit * repeats).num_dropped == num_dropped * repeats


def test_100_000_characters_without_a_mark_are_cut() -> None:
    pieces = [piece[0] for piece in _PIECE.finditer("字" * 100_000)]
    assert max(map(len, pieces)) == 100
    assert "".join(pieces) == "字" * 100_000
