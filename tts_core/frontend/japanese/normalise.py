"""Japanese text as Open JTalk wants it: kana, Han characters, digits, Latin letters and marks.

Whole numbers stay digits, because Open JTalk knows how counters change them (一本 いっぽん, 二日 ふつか);
what it would stumble over is put into words here.
"""

from __future__ import annotations

import re
import unicodedata

from tts_core.frontend.circled import part_circled
from tts_core.frontend.japanese.context import spell
from tts_core.frontend.japanese.latin import say_addresses, without_accents
from tts_core.frontend.japanese.numbers import say_numbers
from tts_core.frontend.japanese.signs import BEFORE_COMPATIBILITY, say_signs

# Control characters, formats (zero width, direction), surrogates and unassigned ones; all marks but those
# that voice a kana (a pile of marks would make normalisation quadratic).
_INVISIBLE_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Mc"))
_KEPT = frozenset("\n\t\u3099\u309a")
# NFKC would take an ellipsis apart, and wide spaces and long waves lose their meaning.
_COMPATIBLE = re.compile(r"[^…\u3000〜]+")
# Between digits it is a clock's; elsewhere 時間：10時 would make it one with half its width.
_WIDE_COLON = re.compile(r"：(?!\d)|(?<!\d)：")
_ITERATED = re.compile(r"([ぁ-ゖァ-ヺ])([ゝゞヽヾ]+)")
_VOICED = frozenset("ゞヾ")
_UNREADABLE = re.compile(
    r"[^0-9A-Za-zΑ-Ωα-ω々〆〇ぁ-ゖァ-ヺー・\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    r" !?…,.\-「」『』【】〔〕〈〉《》()\[\]{}\"'“”‘’«»―\u3000]"
)
_FULL_STOPS = re.compile(r"\.{2,}|・{2,}")
_REPEATED = re.compile(r"([!?…,.\-])(?:[!?…,.\-]|(?<!\d) )+")
_REPEATED_DASH = re.compile(r"―{2,}")
_SPACES = re.compile(r" {2,}| (?=[!?…,.])")
_LONG_AT_START = re.compile(r"(?<![ぁ-ゖァ-ヺ一-鿿々A-Za-z0-9ー])ー+")


def normalise(text: str, user_words: re.Pattern[str] | None = None) -> tuple[str, int]:
    """Return the text as it is read, and how many letters and digits in it were left out.

    Args:
        text: anything.
        user_words: words that are left as they are (see `words.surfaces`).
    """
    if user_words is None:
        spoken, num_dropped = _normalise(text)
        return _tidy(spoken), num_dropped
    parts: list[str] = []
    num_dropped = 0
    for index, part in enumerate(user_words.split(text)):
        spoken, dropped = _normalise(part) if index % 2 == 0 else (part, 0)
        parts.append(spoken)
        num_dropped += dropped
    return _tidy("".join(parts)), num_dropped


def _normalise(text: str) -> tuple[str, int]:
    text = part_circled(_visible(text), "、")
    text = _WIDE_COLON.sub("、", text).translate(BEFORE_COMPATIBILITY)
    text = _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _ITERATED.sub(_repeat, without_accents(text))
    # The reference spells lower case; the dictionary has other accents for capitals.
    text = say_signs(say_numbers(say_addresses(spell(text)))).lower()
    num_dropped = sum(char.isalnum() for char in _UNREADABLE.findall(text))
    return _UNREADABLE.sub("", text), num_dropped


def _visible(text: str) -> str:
    return "".join(
        char for char in text if unicodedata.category(char) not in _INVISIBLE_CATEGORIES or char in _KEPT
    )


def _repeat(match: re.Match[str]) -> str:
    plain = unicodedata.normalize("NFD", match[1])[0]
    voiced = unicodedata.normalize("NFC", plain + "\u3099")
    return match[1] + "".join(voiced if mark in _VOICED else plain for mark in match[2])


def _tidy(text: str) -> str:
    """Leave one mark of each run, and no long vowel without a vowel before it."""
    text = _FULL_STOPS.sub("…", text)
    text = _REPEATED_DASH.sub("―", _REPEATED.sub(r"\1", _SPACES.sub(lambda m: m[0][1:], text)))
    return _LONG_AT_START.sub("", text).strip(" \u3000").lstrip("・")
