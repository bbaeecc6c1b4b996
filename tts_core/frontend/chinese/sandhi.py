"""How tones change between neighbours: 不, 一, the neutral tone, the third tone, and the 儿 of erhua.

The rules and the word lists are those that the checkpoints' training text went through (PaddleSpeech's tone
sandhi). A word's tones are a list of single characters, "1" to "5" (5 is neutral), changed in place; a
punctuation mark stands for itself.
"""

from __future__ import annotations

from collections.abc import Callable

from tts_core.frontend.chinese.lexicon import Lexicon
from tts_core.frontend.chinese.words import Word

Tones = list[str]
Parts = Callable[[str], tuple[str, str]]

_PARTICLES = frozenset("吧呢哈啊呐噻嘛吖嗨哦哒额滴哩哟喽啰耶喔诶的地得")
_DIRECTIONS = frozenset("上下进出回过起开")
_BEFORE_MEASURE = frozenset("几有两半多各整每做是")
_PAUSES = frozenset("：，；。？！“”‘’':,;.?!")


def change_tones(word: Word, tones: Tones, parts: Parts, lexicon: Lexicon) -> None:
    """Apply every rule within one word (as `merge.merge_words` leaves it) to its tones.

    Args:
        word: the word and its part of speech.
        tones: one tone per character, changed in place.
        parts: cuts a word in two.
        lexicon: the words with a neutral tone.
    """
    _change_bu(word.text, tones)
    _change_yi(word.text, tones)
    _neutralise(word, tones, lexicon)
    _neutralise_parts(word.text, tones, parts, lexicon)
    _change_third(word.text, tones, parts)


def _change_bu(text: str, tones: Tones) -> None:
    if len(text) == 3 and text[1] == "不":  # 看不懂
        tones[1] = "5"
        return
    for index, char in enumerate(text[:-1]):
        if char == "不" and tones[index + 1] == "4":  # 不怕
            tones[index] = "2"


def _change_yi(text: str, tones: Tones) -> None:
    if "一" not in text or all(char.isnumeric() for char in text):  # 一零零
        return
    if len(text) == 3 and text[1] == "一" and text[0] == text[2]:  # 看一看
        tones[1] = "5"
    elif text.startswith("第一"):
        tones[1] = "1"
    else:
        for index, char in enumerate(text[:-1]):
            if char == "一" and (tones[index + 1] == "4" or text[index + 1] not in _PAUSES):
                tones[index] = "2" if tones[index + 1] == "4" else "4"  # 一段, 一天


def _neutralise(word: Word, tones: Tones, lexicon: Lexicon) -> None:
    text = word.text
    if word.tag[0] in "nva" and text not in lexicon.never_neutral:
        for index in range(1, len(text)):
            if text[index] == text[index - 1]:  # 奶奶, 试试
                tones[index] = "5"
    if _ends_neutral(word, lexicon):
        tones[-1] = "5"
        return
    measure = text.find("个")
    counted = measure > 0 and (text[measure - 1].isnumeric() or text[measure - 1] in _BEFORE_MEASURE)
    if counted or text == "个":
        tones[measure] = "5"
    elif lexicon.is_neutral(text):
        tones[-1] = "5"


def _ends_neutral(word: Word, lexicon: Lexicon) -> bool:
    text, tag, last = word.text, word.tag, word.text[-1]
    if last in _PARTICLES:
        return True
    if len(text) == 1:
        return last in "了着过" and tag in ("ul", "uz", "ug")
    if last in "们子" and tag in ("r", "n"):
        return text not in lexicon.never_neutral
    if last in "上下里" and tag in ("s", "l", "f"):  # 桌上, 家里
        return True
    return last in "来去" and text[-2] in _DIRECTIONS  # 上来, 下去


def _neutralise_parts(text: str, tones: Tones, parts: Parts, lexicon: Lexicon) -> None:
    first, second = parts(text)
    if lexicon.is_neutral(first):
        tones[len(first) - 1] = "5"
    if lexicon.is_neutral(second):
        tones[-1] = "5"


def _change_third(text: str, tones: Tones, parts: Parts) -> None:
    if len(text) == 2 and all_third(tones):
        tones[0] = "2"
    elif len(text) == 3:
        _change_third_of_three(tones, len(parts(text)[0]))
    elif len(text) == 4:  # an idiom is two words of two
        for start in (0, 2):
            if all_third(tones[start : start + 2]):
                tones[start] = "2"


def _change_third_of_three(tones: Tones, first_part: int) -> None:
    if all_third(tones):
        if first_part == 2:  # 蒙古 包
            tones[0] = tones[1] = "2"
        elif first_part == 1:  # 纸 老虎
            tones[1] = "2"
        return
    for start, end in ((0, first_part), (first_part, 3)):
        if end - start == 2 and all_third(tones[start:end]):  # 所有 人
            tones[start] = "2"
    tail = tones[first_part:]
    if tail and not all_third(tail) and tail[0] == "3" == tones[first_part - 1]:  # 好 喜欢
        tones[first_part - 1] = "2"


def all_third(tones: Tones | str) -> bool:
    """Tell whether every tone is the third."""
    return all(tone == "3" for tone in tones)


def change_erhua(word: Word, syllables: list[str], tones: Tones, lexicon: Lexicon) -> None:
    """Give a final 儿 the tone of the character before it, where it isn't a syllable of its own (女儿)."""
    text = word.text
    if text[-1] != "儿" or syllables[-1] != "er":
        return
    if tones[-1] == "1":
        tones[-1] = "2"
    own_syllable = text in lexicon.own_er or word.tag in ("a", "j", "nr")
    if own_syllable and text not in lexicon.always_erhua:
        return
    if len(text) > 1 and tones[-1] in "25" and text[-2:] not in lexicon.own_er:
        tones[-1] = tones[-2]
