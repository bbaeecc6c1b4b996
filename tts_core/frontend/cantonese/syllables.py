"""The phones of a Jyutping syllable: an initial and a final with its tone, each with a leading Y.

The reference gives every syllable two phones. One that begins with its vowel gets part of it as initial, in
the reference's own manner (aa3 is Yaa Ya3, oi3 Yoi Yi3), and a syllabic nasal its last letter twice (m4 is
Ym Ym4, ng5 Yng Yg5). Finals that the table lacks are UNK there; here they become the nearest that it has, by
the variants that speakers use: ang is said ngang, deu6 diu6, lem2 lim2.
"""

from __future__ import annotations

import functools
import re

from tts_core.frontend.symbols import symbol_table

_SYLLABLE = re.compile(r"(gw|kw|ng|[bpmfdtnlgkhwzcsj])?([a-z]*)([1-6])")
_WHOLE = frozenset(("ai", "au", "ap", "at", "ak", "ong", "on", "ou", "oi", "ok", "uk", "ung"))
_NEAREST = {"et": "it", "ep": "ip", "eu": "iu", "em": "im", "en": "in", "oet": "eot", "ng": "ang"}


@functools.lru_cache(1 << 12)
def syllable_phones(syllable: str) -> tuple[str, ...]:
    """Return the two phones of a syllable, such as "gwong2"; none where it is no Jyutping."""
    match = _SYLLABLE.fullmatch(syllable)
    if not match:
        return ()
    initial, final, tone = match.groups()
    if not initial:
        initial, final = _without_initial(final)
    elif not final:
        final = initial[-1]
    return _known(initial, final, tone) or _known(*_nearest(match[1], match[2]), tone)


def _without_initial(final: str) -> tuple[str, str]:
    if final.startswith("aa"):
        return "aa", final[2:] or "a"
    return (final, final[-1]) if final in _WHOLE else (final[:1], final[1:] or final)


def _nearest(initial: str | None, final: str) -> tuple[str, str]:
    glide = "j" if final.startswith("i") else "ng"
    return initial or glide, _NEAREST.get(final, final)


def _known(initial: str, final: str, tone: str) -> tuple[str, ...]:
    phones = ("Y" + initial, f"Y{final}{tone}")
    table = symbol_table("v2")
    return phones if all(phone in table for phone in phones) else ()
