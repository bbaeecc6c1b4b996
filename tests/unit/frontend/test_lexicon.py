"""Words whose readings were given: found, read as they say, aligned, and nothing beside them changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.errors import EmptyInput, InvalidConfig, InvalidParameter, UnsupportedLanguage
from tts_core.frontend.lexicon import Lexicon, Words, load_words, mark_inline_phones, split_marked
from tts_core.frontend.lexicon.mandarin import TONE_CHARS
from tts_core.frontend.lexicon.reading import BadReading, parse_reading
from tts_core.frontend.pipeline import PhoneSequence, phonemize
from tts_core.frontend.symbols import symbol_table

POLYVOX = {"Polyvox": "P AA1 L IY0 V AA0 K S"}


def read(text: str, language: str, words: Mapping[str, str] | None = None) -> PhoneSequence:
    """Read a text whose inline phones are on."""
    marked, inline = mark_inline_phones(text, 100)
    lexicon = Lexicon(language, None, (words or {}).items(), inline)
    return phonemize(marked, language, "v2", lexicon)


def phones(text: str, language: str, words: Mapping[str, str] | None = None) -> str:
    return " ".join(read(text, language, words).phones)


def check_alignment(sequence: PhoneSequence) -> None:
    for span in sequence.spans:
        if span.word2ph is not None:
            assert len(span.word2ph) == len(span.text)
            assert sum(span.word2ph) == span.num_phones
    assert sum(span.num_phones for span in sequence.spans) == len(sequence)


# English


@pytest.mark.parametrize("word", ["Polyvox", "polyvox", "POLYVOX"])
def test_english_words_are_found_in_any_case_and_as_whole_words_only(word: str) -> None:
    assert phones(f"We like {word} here.", "en", POLYVOX) == (
        "W IY1 L AY1 K P AA1 L IY0 V AA0 K S HH IY1 R ."
    )
    for other in (f"{word}es", f"un{word}", f"{word}2", f"{word}'t"):
        text = f"We like {other} here."
        assert phones(text, "en", POLYVOX) == phones(text, "en")


@pytest.mark.parametrize(("given", "suffix"), [("K AE1 T", "S"), ("D AO1 G", "Z"), ("B AA1 K S", "AH0 Z")])
def test_a_possessive_sounds_as_the_given_end_demands(given: str, suffix: str) -> None:
    for apostrophe in "'’":
        text = f"The Zork{apostrophe}s hat."
        assert phones(text, "en", {"Zork": given}) == f"DH AH0 {given} {suffix} HH AE1 T ."


def test_what_is_around_an_english_word_is_read_as_ever() -> None:
    whole, given = "I will read the Zork report to you today.", {"Zork": "Z AO1 R K"}
    plain = phones(whole.replace("Zork", "cat"), "en").split("K AE1 T")
    assert phones(whole, "en", given) == "Z AO1 R K".join(plain)
    shouted = "I LOVE THE ZORK FOREVER"
    assert phones(shouted, "en", given) == "Z AO1 R K".join(
        phones(shouted.replace("ZORK", "CAT"), "en").split("K AE1 T")
    )


@pytest.mark.parametrize("text", ["ZQX likes Zork", "Z Q X and Zork, ZQ Zork, Zork X", "XZQX Zork QZX"])
def test_text_that_looks_like_a_stand_in_is_none(text: str) -> None:
    plain = phones(text.replace("Zork", "Sam"), "en").replace("S AE1 M", "Z AO1 R K")
    assert phones(text, "en", {"Zork": "Z AO1 R K"}) == plain


def test_the_longest_word_wins() -> None:
    words = {"New": "N UW1", "New York": "N Y UW1 Y AO2 R K", "York": "Y AO1 K"}
    assert phones("In New York, new York.", "en", words) == ("IH0 N N Y UW1 Y AO2 R K , N Y UW1 Y AO2 R K .")


# Chinese


def test_mandarin_syllables_keep_bert_aligned_with_the_text_itself() -> None:
    sequence = read("我在重庆吃饭。", "zh", {"重庆": "zhong4 qing5"})
    assert " ".join(sequence.phones) == "w o3 z ai4 zh ong4 q ing5 ch ir1 f an4 ."
    assert sequence.spans[0].text == "我在重庆吃饭."
    check_alignment(sequence)


@pytest.mark.parametrize(
    ("word", "given", "counts"),
    [
        ("一会儿", "yi2 huir4".replace("huir", "hui"), (1, 1, 2)),
        ("T恤", "ti4 xu4", (2, 2)),
        ("GPT-4", "ji1 pi4 ti4 si4", (2, 2, 2, 2)),
        ("囍", "shuang1 xi3", (4,)),
        ("阿", "a1", (2,)),
    ],
)
def test_any_number_of_syllables_is_spread_over_any_number_of_characters(
    word: str, given: str, counts: tuple[int, ...]
) -> None:
    sequence = read(f"他说{word}很好。", "zh", {word: given})
    check_alignment(sequence)
    (span,) = sequence.spans
    assert span.word2ph is not None
    assert span.word2ph[2 : 2 + len(counts)] == counts
    assert phones(f"他说{word}很好。", "zh", {word: given}).endswith("h en2 h ao3 .")


def test_neighbours_change_their_tones_as_the_given_one_demands() -> None:
    assert phones("你[号](/hao3/)吗", "zh").startswith("n i2 h ao3")
    assert phones("你[好](/hao4/)吗", "zh").startswith("n i3 h ao4")
    assert phones("不[好](/hao4/)的呢", "zh").startswith("b u2 h ao4")


@pytest.mark.parametrize("char", TONE_CHARS.values())
def test_characters_that_stand_in_may_be_in_the_text(char: str) -> None:
    sequence = read(f"{char}和重庆和{char}{char}。", "zh", {"重庆": "chong2 qing4"})
    assert sequence.spans[0].text == f"{char}和重庆和{char}{char}."
    assert "ch ong2 q ing4" in " ".join(sequence.phones)
    check_alignment(sequence)


def test_han_words_need_no_bounds_and_the_longest_still_wins() -> None:
    words = {"行": "hang2", "银行行长": "yin2 hang2 hang2 zhang3"}
    assert phones("银行行长行了", "zh", words) == "y in2 h ang2 h ang2 zh ang3 h ang2 l e5"


# All languages


@pytest.mark.parametrize(
    ("language", "text", "word", "given", "expected"),
    [
        ("yue", "我钟意重庆。", "重庆", "cung4 hing3", "Yc Yung4 Yh Ying3 ."),
        ("ja", "推し活は楽しい。", "推し活", "オシカツ 0", "o [ sh i k a ts u w a"),
        ("ja", "橋を渡る。", "橋", "はし 1", "h a ] sh i o"),
        ("ko", "GPT는 좋아요.", "GPT", "지피티", "ㅈ ㅣ ㅍ ㅣ ㅌ ㅣ ㄴ ㅡ ㄴ 空"),
        ("zh", "用Polyvox说话。", "polyvox", POLYVOX["Polyvox"], "y ong4 P AA1 L IY0 V AA0 K S sh uo1"),
        ("en", "We saw 重庆 there.", "重庆", "chong2 qing4", "S AO1 ch ong2 q ing4 DH EH1 R ."),
    ],
)
def test_each_language_has_its_notation(
    language: str, text: str, word: str, given: str, expected: str
) -> None:
    assert expected in phones(text, language, {word: given})


def test_the_language_of_the_request_tells_pinyin_from_jyutping() -> None:
    assert phones("我喜欢[好](/hao3/)", "zh").endswith("h ao3")
    with pytest.raises(InvalidParameter, match="Cantonese"):
        phones("我喜欢[好](/hao3/)", "yue")


BAD = [
    ("en", "Zork", "Z AO R K"),
    ("en", "Zork", "Z QQ1"),
    ("en", "Zork", "zork"),
    ("en", "Zork", "Z  [ AO1"),
    ("zh", "重", "zhong"),
    ("zh", "重", "zhong6"),
    ("zh", "重", "xyz3"),
    ("zh", "重", "UNK"),
    ("ja", "橋", "ハシ 5"),
    ("ja", "橋", "ーハ"),
    ("ko", "말", "ㅁㅏㄹ"),
    ("en", "", "K"),
    ("en", "...", "K"),
    ("en", " Zork", "K"),
    ("en", "Zo\nrk", "K"),
    ("en", "x" * 61, "K"),
    ("en", "Zork", "K " * 300),
    ("en", "Zork", ""),
]


@pytest.mark.parametrize(("language", "word", "given"), BAD)
def test_what_is_no_reading_is_refused_by_name(language: str, word: str, given: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        Lexicon(language, None, [(word, given)])
    assert caught.value.param == "lexicon"
    assert word.strip("\n")[:2] in caught.value.message
    with pytest.raises(InvalidParameter) as caught:
        Lexicon(language, None, (), [(word, given)])
    assert caught.value.param == "input"


def test_a_word_that_is_there_twice_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="twice"):
        Lexicon("en", None, [("Zork", "K"), ("zork", "T")])


# Inline


def test_inline_phones_are_for_one_place_and_beat_the_lexicon() -> None:
    words = {"read": "R IY1 D"}
    assert phones("I [read](/R EH1 D/) it, read it.", "en", words) == "AY1 R EH1 D IH1 T , R IY1 D IH1 T ."


def test_inline_phones_stand_apart_from_letters_beside_them() -> None:
    assert phones("un[read](/R EH1 D/)able", "en") == "AH1 N R EH1 D EY1 B AH0 L"


def test_no_cut_falls_within_inline_phones() -> None:
    text, inline = mark_inline_phones("A [New York. City](/N UW1/) " * 30, 100)
    pieces = split_marked(text, 20)
    assert "".join(pieces) == text
    assert len(pieces) > 10
    for piece in pieces:
        assert piece.count("\uf8ff") == sum("\ue000" <= char < "\uf8ff" for char in piece)
        phonemize(piece, "en", "v2", Lexicon("en", None, (), inline))
    long, _ = mark_inline_phones(f"[{'long word ' * 5}](/N UW1/)", 1)
    assert split_marked(long, 20) == [long]


# The server's


def server(tmp_path: Path, text: str, name: str = "words.yaml") -> Words:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_words(path)


def test_a_server_s_words_count_where_their_language_is_read(tmp_path: Path) -> None:
    words = server(tmp_path, "zh: {重庆: zhong4 qing4}\nyue: {重庆: cung4 hing3}\nen: {no: N AA1}\n")
    assert len(words) == 3
    assert "zh ong4" in " ".join(phonemize("在重庆吃饭", "zh", "v2", Lexicon("zh", words)).phones)
    assert "Yh Ying3" in " ".join(phonemize("在重庆吃饭", "yue", "v2", Lexicon("yue", words)).phones)
    assert "N AA1" in " ".join(phonemize("Say no to it", "en", "v2", Lexicon("en", words)).phones)


def test_a_request_s_word_beats_the_server_s(tmp_path: Path) -> None:
    words = server(tmp_path, "en\tZork\tZ AO1 R K\n# comment\n\nen\tBlorb\tB L AO1\n", "words.tsv")
    lexicon = Lexicon("en", words, [("zork", "K AE1 T")])
    assert " ".join(phonemize("A Zork, a blorb.", "en", "v2", lexicon).phones) == (
        "EY1 K AE1 T , AH0 B L AO1 ."
    )
    assert "Z AO1 R K" in " ".join(phonemize("A Zork, a blorb.", "en", "v2", Lexicon("en", words)).phones)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("w.yaml", "en:\n  Zork: Z AO1\n  Blorb: B QQ\n", "line 3.*'QQ'"),
        ("w.yaml", "en:\n  Zork: Z AO1\n  zork: Z AO1\n", "line 3.*already: line 2"),
        ("w.yaml", "xx:\n  Zork: Z AO1\n", "line 2.*'xx'"),
        ("w.yaml", "- Zork\n", "line 1.*languages"),
        ("w.yaml", "en: Zork\n", "line 1.*words of en"),
        ("w.yaml", "en: {Zork: [Z]}\n", "line 1.*aren't a text"),
        ("w.yaml", "en: {[a]: Z}\n", "line 1"),
        ("w.yaml", "en: {\n", "isn't YAML"),
        ("w.yaml", "ja: {橋: hashi}\n", "line 1.*kana"),
        ("w.tsv", "en\tZork\n", "line 1.*2 fields"),
        ("w.tsv", "\nzh\t重\tZ AO1\n", "line 2.*pinyin"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InvalidConfig, match=message):
        server(tmp_path, text, name)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="can't be read"):
        load_words(tmp_path / "none.yaml")


# Any text


CHARS = st.one_of(
    st.characters(exclude_categories=["Co"]), st.sampled_from("aZQX'’s.-, 重庆好不一麤龘皛靐齾かナ橋한국13")
)
READINGS = {
    "en": ["P AA1", "S", "AH0 B"],
    "zh": ["hao3", "chong2 qing4", "a1 b4".replace("b4", "ba4"), "er5"],
    "yue": ["hou2", "cung4 hing3", "m4"],
    "ja": ["ハシ 1", "トーキョー", "か"],
    "ko": ["말", "구글 말"],
}


@st.composite
def _words(draw: st.DrawFn) -> dict[str, str]:
    picked = st.sampled_from([reading for readings in READINGS.values() for reading in readings])
    word = st.text(CHARS, min_size=1, max_size=4).map(str.strip).filter(lambda text: _is_word(text))
    return {key: draw(picked) for key in draw(st.sets(word, max_size=3))}


def _is_word(text: str) -> bool:
    try:
        parse_reading(text, "K")
    except BadReading:
        return False
    return True


@pytest.mark.filterwarnings("ignore:Dictionary.create")  # of characters that Open JTalk doesn't know
@settings(deadline=None, max_examples=150)
@given(st.data(), st.sampled_from(["en", "zh", "all_zh", "yue", "ja", "ko", "auto", "auto_yue"]), _words())
def test_any_lexicon_gives_symbols_of_the_table_and_keeps_the_alignment(
    data: st.DataObject, language: str, words: dict[str, str]
) -> None:
    piece = st.one_of(st.text(CHARS, max_size=8), st.sampled_from([*words, " "]))
    text = "".join(data.draw(st.lists(piece, max_size=8)))
    try:
        sequence = read(text, language, words)
    except (EmptyInput, UnsupportedLanguage):
        return
    except InvalidParameter as error:
        if "no syllable" in error.message or "twice" in error.message:
            return
        raise
    check_alignment(sequence)
    known = {*symbol_table("v2").symbols, "#"}  # which Japanese has, and every table reads as UNK
    assert known.issuperset(sequence.phones)
    assert read(text, language, words) == sequence


def test_a_word_ends_the_text_that_another_word_would_go_beyond() -> None:
    words = {"Zork": "P AA1", "Zorkish": "S"}
    assert phones("I like Zork", "en", words).endswith("K P AA1")
    assert phones("I like Zorkish", "en", words).endswith("K S")


def test_one_request_s_words_are_not_another_s() -> None:
    text = {"en": "I like Zork a lot.", "zh": "我在重庆吃饭。", "ja": "橋を渡る。"}
    before = {language: phonemize(one, language) for language, one in text.items()}
    phones(text["en"], "en", {"Zork": "K AE1 T"})
    phones(text["zh"], "zh", {"重庆": "hao3 hao3"})
    phones(text["ja"], "ja", {"橋": "トーキョー 0"})
    assert {language: phonemize(one, language) for language, one in text.items()} == before
