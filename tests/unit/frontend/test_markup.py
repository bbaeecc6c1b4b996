"""What language models write: Markdown and characters nobody sees, on their way to something to say."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.errors import InvalidParameter
from tts_core.frontend.filters import FilteredText, TextOptions, filter_text
from tts_core.frontend.lexicon import without_marks
from tts_core.frontend.markup import strip_markup
from tts_core.frontend.segmenter import split_sentences
from tts_core.frontend.visible import visible

MARKDOWN = TextOptions("markdown")

SPOKEN = [
    ("# A *bold* title\n\nText.", "A bold title.\nText."),
    ("Title\n=====\nText!", "Title.\nText!"),
    ("**strong**, _weak_ and ~~gone~~", "strong, weak and gone."),
    ("snake_case and 2 * 3 * 4", "snake_case and 2 * 3 * 4."),
    ("- one\n- two;\n- [x] done?", "one.\ntwo;\ndone?"),
    ("1. First\n2. Second", "1. First.\n2. Second."),
    ("See [the docs](https://example.com/a_b) now.", "See the docs now."),
    ("[a][1] b\n\n[1]: http://x.y", "a b."),
    ("![A cat *asleep*](cat.png)", "A cat asleep."),
    ("Run `pip install x` now", "Run pip install x now."),
    ("Before\n\n```py\nprint(1)\n```\n\nAfter", "Before.\nAfter."),
    ("~~~\ncode\n~~~", ""),
    ("> Quoted\n> on", "Quoted on."),
    ("One\n\n---\n\nTwo", "One.\nTwo."),
    ("| Name | Age |\n|---|---|\n| Ann | 7 |\n| | 8 |", "Name, Age.\nAnn, 7.\n8."),
    ("| 名 | 岁 |\n|---|---|\n| 安 | 七 |", "名，岁。\n安，七。"),
    ("a <b>bold</b> word<br>next<!-- no -->", "a bold word.\nnext."),
    ("<div>\n<p>Block &amp; <i>text</i></p>\n<script>no()</script></div>", "Block & text."),
    ("AT&amp;T \\*literal\\*", "AT&T *literal*."),
    ("soft\nbreak", "soft break."),
    ("第一行\n第二行", "第一行第二行。"),
    ("hard\\\nbreak", "hard.\nbreak."),
    ("    indented, not code", "indented, not code."),
    ("It costs $5 and $10.", "It costs $5 and $10."),
    ("He said “yes.”", "He said “yes.”"),
    ("First,\n\nthen", "First.\nthen."),
    ("", ""),
    ("***", ""),
]


@pytest.mark.parametrize(("markdown", "spoken"), SPOKEN, ids=[markdown[:20] for markdown, _ in SPOKEN])
def test_what_is_said(markdown: str, spoken: str) -> None:
    assert strip_markup(markdown)[0] == spoken


@pytest.mark.parametrize(
    ("markdown", "num_dropped"),
    [
        ("**plain** _enough_", 0),
        ("```py\nx1\n```", 4),
        ("[a](http://b.c)", 6),
        ("x<br>", 2),
        ("<script>ab</script>z", 14),
    ],
)
def test_what_is_left_out_is_counted(markdown: str, num_dropped: int) -> None:
    assert strip_markup(markdown)[1] == num_dropped


def test_plain_text_is_not_touched() -> None:
    text = "1. *Not* a [link](x) `here`\n    # nor there  \n"
    assert filter_text(text, TextOptions(), "", 9) == FilteredText(text)


@pytest.mark.parametrize(
    ("text", "seen", "num_dropped"),
    [
        ("zero\u200bwidth\ufeff \u2060soft\u00adhyphen", "zerowidth softhyphen", 4),
        ("\u202eright\u202c \u2066to\u2069 left\u200e", "right to left", 5),
        ("a\x00b\x1b[1mc\x7f\x9c\td\ne", "ab[1mc\td\ne", 4),
        ("\ud83dlone \udc00halves", "lone halves", 2),
        ("icon \ue200cite\ue201\U000f0001", "icon cite", 3),
        ("葛\U000e0100城", "葛城", 1),
        ("नमस्\u200dते می\u200cخواهم", "नमस्\u200dते می\u200cخواهم", 0),
        ("a\u200db\u200cc", "abc", 2),
        ("plain é 你好 かな", "plain é 你好 かな", 0),
    ],
)
def test_what_nobody_sees_is_gone_and_counted(text: str, seen: str, num_dropped: int) -> None:
    filtered = filter_text(text, TextOptions(), "", 9)
    assert (filtered.text, filtered.num_dropped) == (seen, num_dropped)


def test_halves_that_met_are_one_character() -> None:
    assert visible("\ud842\udfb7") == ("𠮷", 0)


def test_inline_phones_survive_markdown_and_are_off_until_asked_for() -> None:
    text = "# I **[read](/R EH1 D/)** it\n\n[link](http://x/) and [重](/chong2/)庆"
    filtered = filter_text(text, TextOptions("markdown", inline_phones=True), "", 9)
    assert without_marks(filtered.text) == "I read it.\nlink and 重庆。"
    assert filtered.inline_phones == (("read", "R EH1 D"), ("重", "chong2"))
    plain = filter_text(text, TextOptions(), "", 9)
    assert (plain.text, plain.inline_phones) == (text, ())


def test_marks_of_the_text_s_own_are_no_inline_phones() -> None:
    filtered = filter_text("\ue000fake\uf8ff [b](/B IY1/)", TextOptions(inline_phones=True), "", 9)
    assert filtered.text == "fake \ue000b\uf8ff"
    assert filtered.num_dropped == 2


def test_too_many_inline_phones_are_refused() -> None:
    with pytest.raises(InvalidParameter) as caught:
        filter_text("[a](/b/)" * 4, TextOptions(inline_phones=True), "", 3)
    assert caught.value.param == "input"


TEXT = st.text(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from("#*_`~[]()<>|-\n !&;:\\\"'=+1.a你😀\u200d\ufe0f\u20e3\ue000\uf8ff/$"),
    ),
    max_size=120,
)


@settings(deadline=None, max_examples=500)
@given(TEXT, st.sampled_from(["plain", "markdown"]), st.booleans())
def test_no_text_raises_and_nothing_unseen_is_left(text: str, text_format: str, inline: bool) -> None:
    options = TextOptions(text_format, "drop", inline)  # type: ignore[arg-type]
    filtered = filter_text(text, options, "", 1000)
    assert filtered == filter_text(text, options, "", 1000)
    assert visible(without_marks(filtered.text))[1] == 0
    assert filtered.num_dropped >= 0
    assert len([char for char in filtered.text if char == "\uf8ff"]) <= len(filtered.inline_phones)
    "".join(split_sentences(filtered.text)).encode()


@pytest.mark.parametrize(
    "part",
    ["[", "*a **", "`", "> ", "- ", "<", "![[", "|a", "a*", "&", "<!--", "[a](", "<div>\n<", "😀\u200d"],
)
@pytest.mark.timeout(30)
def test_text_made_to_be_slow_ends(part: str) -> None:
    filter_text(part * (20_000 // len(part)), MARKDOWN, "", 9)


def test_names_of_emoji_are_not_loaded_before_they_are_wanted() -> None:
    code = (
        "import sys; from tts_core.frontend.filters import *; filter_text('hi 😀', TextOptions(), '', 1)\n"
        "assert 'emoji' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
