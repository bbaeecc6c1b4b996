"""Which language each part of a text is in, as the reference decides it.

As here, marks and spaces go with what stands before them. Otherwise than here, Latin letters are English
beside digits too (5km), and full-width letters are no letters. Digits between two languages go with what is
next to them without a mark, else with the longer side; to them signs such as ℃ are one more language.

Not the same: the reference asks a model which language each word is in; here its script and its clause tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tts_core.frontend.scripts import DIGITS, Run, Stretch

SIGNS = "signs"
_LATIN = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_WITH_BEFORE = "〜~,.;:!?，。！？；：、·([{<（【《〈「『“‘)]}>）】》〉」』”’\"-_—#$%&…￥'*+=@\\^`|/"
_STRETCH = re.compile(
    rf"(?P<en>(?!(?<=°)[CF](?![A-Za-z]))/*[{_LATIN}][{_LATIN}/]*)"
    r"|(?P<han>[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+)"
    r"|(?P<ja>[々\u3040-\u30ff]+)"
    r"|(?P<ko>[\uac00-\ud7af]+)"
    r"|(?P<digits>[\d²³¹⁰⁴-⁹₀-₉①-⑨]+)"
    rf"|(?P<signs>(?:°[CF]|[^\w\s{re.escape(_WITH_BEFORE)}])+)"
)
_MARKS = frozenset(",.!?，。！？")
_FULL_STOPS = frozenset(".。")


def reference_stretches(text: str) -> list[Stretch]:
    """Return the letters, digits and signs of a text, in order."""
    return [Stretch(match.lastgroup or "", *match.span()) for match in _STRETCH.finditer(text)]


def reference_runs(text: str, found: Sequence[Stretch], default: str) -> list[Run]:
    """Cut `text` into runs which joined are the text, the language of digits and signs decided.

    Args:
        text: any text.
        found: its stretches; those of Han characters decided, those of digits and signs perhaps.
        default: the language of a text without letters.
    """
    runs: list[Run] = []
    starts = [0, *(stretch.start for stretch in found[1:]), len(text)]
    parts = _merged(
        Run(stretch.kind, text[start:end])
        for stretch, start, end in zip(found, starts, starts[1:], strict=False)
    )
    for index, part in enumerate(parts):
        if part.language == DIGITS:
            following = parts[index + 1] if index + 1 < len(parts) else None
            part = part._replace(language=_side(runs[-1] if runs else None, part.text, following) or default)
        _add(runs, part)
    return _without_signs(runs, default) or [Run(default, text)]


def _without_signs(parts: list[Run], default: str) -> list[Run]:
    """Give signs to what is before them, or at the beginning to what is behind them."""
    runs: list[Run] = []
    for part in parts:
        if part.language == SIGNS:
            beside = runs[-1:] or parts[1:2]
            part = part._replace(language=beside[0].language if beside else default)
        _add(runs, part)
    return runs


def _side(before: Run | None, digits: str, after: Run | None) -> str:
    if before is None or after is None:
        side = before or after
        return side.language if side else ""
    if before.text[-1] in _MARKS:
        return after.language
    if digits[-1] in _FULL_STOPS or len(before.text) >= len(after.text):
        return before.language
    return after.language


def _merged(parts: Iterable[Run]) -> list[Run]:
    runs: list[Run] = []
    for part in parts:
        _add(runs, part)
    return runs


def _add(runs: list[Run], part: Run) -> None:
    if runs and runs[-1].language == part.language:
        runs[-1] = Run(part.language, runs[-1].text + part.text)
    else:
        runs.append(part)
