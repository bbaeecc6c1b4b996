"""The reference's ways to cut a request's text into pieces that the model speaks one by one: cut0 to cut5.

Which piece a sentence lands in changes how it sounds, so the pieces are the reference's, quirks included:
cut1's last piece holds five to eight clauses, cut2 joins a short last piece to the one before, cut3 and cut4
lose the full stop that they cut at (every piece that lacks an end mark gets a new one). One thing is ours: a
piece of more than 510 characters without any punctuation is cut too, because BERT takes no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tts_core.errors import InvalidParameter
from tts_core.frontend.segmenter import split_sentences
from tts_core.frontend.symbols import PUNCTUATION

# A piece may end with one of these; anything else gets a full stop.
END_MARKS = frozenset("，。？！,.?!~:：—…")
MAX_PIECE_CHARS = 510
_MIN_PIECE_CHARS = 5
_MIN_FIRST_CLAUSE_CHARS = 4
_NOTHING_TO_SAY = frozenset(PUNCTUATION) | {" "}
_CUT5_MARKS = frozenset(",.;?!、，。？！：…")
_END_MARK_CLASS = "[" + re.escape("".join(sorted(END_MARKS))) + "]"
_REPEATED_PUNCTUATION = re.compile(r"([!?…,.\-])[!?…,.\-]+")


def collapse_punctuation(text: str) -> str:
    """Keep the first mark of each run of ASCII punctuation and ellipses."""
    return _REPEATED_PUNCTUATION.sub(r"\1", text)


def full_stop(language: str) -> str:
    """Return the full stop that a request language takes."""
    return "." if language == "en" else "。"


def with_end_mark(text: str, language: str) -> str:
    """Return `text` with a full stop, unless it ends with a mark already."""
    return text if text[-1] in END_MARKS else text + full_stop(language)


def cut_text(text: str, language: str, method: str = "cut5") -> list[str]:
    """Cut a request's text with method cut0, cut1, ... or cut5; an empty list where there is nothing to say.

    Pieces shorter than 5 characters join their neighbour, pieces of symbols alone are left out, and every
    piece ends with a mark. A text whose first clause is shorter than 4 characters begins with a full stop,
    which keeps the model from swallowing it.

    Raises:
        InvalidParameter: no such method.
    """
    if method not in METHODS:
        known = ", ".join(METHODS)
        raise InvalidParameter(f"no cut method {method!r}; known: {known}", param="text_split_method")
    text = collapse_punctuation(text).strip("\n")
    if not text:
        return []
    first_clause = re.split(_END_MARK_CLASS, text, maxsplit=1)[0].strip()
    if text[0] not in END_MARKS and len(first_clause) < _MIN_FIRST_CLAUSE_CHARS:
        text = full_stop(language) + text
    cut = "\n".join(METHODS[method](text)).split("\n")
    merged = _merge_short([piece for piece in cut if piece not in ("", " ")])
    spoken = (with_end_mark(piece, language) for piece in merged if re.search(r"\w", piece))
    return [part for piece in spoken for part in _split_long(piece)]


def _merge_short(pieces: list[str]) -> list[str]:
    merged: list[str] = []
    pending = ""
    for piece in pieces:
        pending += piece
        if len(pending) >= _MIN_PIECE_CHARS:
            merged.append(pending)
            pending = ""
    if pending and merged:
        merged[-1] += pending
    elif pending:
        merged.append(pending)
    return merged


def _split_long(piece: str) -> Iterable[str]:
    if len(piece) <= MAX_PIECE_CHARS:
        return [piece]
    packed: list[str] = []
    for part in re.split(f"({_END_MARK_CLASS})", piece):
        if packed and len(packed[-1]) + len(part) <= MAX_PIECE_CHARS:
            packed[-1] += part
        else:
            packed.extend(_hard_split(part))
    return packed


def _hard_split(part: str) -> Iterable[str]:
    return split_sentences(part, MAX_PIECE_CHARS) if len(part) > MAX_PIECE_CHARS else [part]


def _clauses(text: str) -> list[str]:
    text = text.replace("……", "。").replace("——", "，")
    text = text if text[-1] in END_MARKS else text + "。"
    return re.findall(f".*?{_END_MARK_CLASS}", text, re.DOTALL)


def _sayable(pieces: Iterable[str], silent: frozenset[str] = _NOTHING_TO_SAY) -> list[str]:
    return [piece for piece in pieces if not silent.issuperset(piece)]


def _whole(text: str) -> list[str]:
    return _sayable([text])


def _by_four_clauses(text: str) -> list[str]:
    clauses = _clauses(text)
    starts = list(range(0, len(clauses), 4))[:-1]
    if not starts:
        return _sayable([text])
    ends = [*starts[1:], len(clauses)]
    return _sayable("".join(clauses[start:end]) for start, end in zip(starts, ends, strict=True))


def _by_fifty_characters(text: str) -> list[str]:
    clauses = _clauses(text)
    if len(clauses) < 2:
        return [text]
    pieces = [""]
    for clause in clauses:
        if len(pieces[-1]) > 50:
            pieces.append("")
        pieces[-1] += clause
    if len(pieces) > 1 and len(pieces[-1]) < 50:
        last = pieces.pop()
        pieces[-1] += last
    return _sayable(pieces)


def _at_chinese_full_stops(text: str) -> list[str]:
    return _sayable(text.strip("。").split("。"))


def _at_english_full_stops(text: str) -> list[str]:
    return _sayable(re.split(r"(?<!\d)\.(?!\d)", text.strip(".")))


def _at_every_mark(text: str) -> list[str]:
    pieces = [""]
    for index, char in enumerate(text):
        pieces[-1] += char
        decimal = char == "." and text[index - 1 : index].isdigit() and text[index + 1 : index + 2].isdigit()
        if char in _CUT5_MARKS and not decimal:
            pieces.append("")
    return _sayable(pieces, _CUT5_MARKS)


METHODS: dict[str, Callable[[str], list[str]]] = {
    "cut0": _whole,
    "cut1": _by_four_clauses,
    "cut2": _by_fifty_characters,
    "cut3": _at_chinese_full_stops,
    "cut4": _at_english_full_stops,
    "cut5": _at_every_mark,
}
