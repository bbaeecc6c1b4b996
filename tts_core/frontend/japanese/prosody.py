"""Phones and marks of pitch from full-context labels.

The marks are those of "Prosodic features control by symbols as input of sequence-to-sequence acoustic
modeling for neural TTS" (Kurihara et al., 2021), as GPT-SoVITS uses them. The fields of a label are HTS's: A1
is the distance of the mora from the accent's nucleus, A2 and A3 its position in the accent phrase from the
start and from the end, F1 the phrase's number of morae.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

_LABEL = re.compile(r"-([^+]+)\+.*?/A:(-?\d+|xx)\+(\d+|xx)\+(\d+|xx)/.*?/F:(\d+|xx)_")
_NO_MORA = -50
_VOICELESS_VOWELS = {"A": "a", "I": "i", "U": "u", "E": "e", "O": "o"}
_ENDS_MORA = frozenset(("a", "i", "u", "e", "o", "N", "cl"))
# Phones of loanwords that no table has.
_NEAREST = {"kw": ("k", "u"), "gw": ("g", "u"), "ty": ("ch",), "fy": ("hy",)}


class _Phone(NamedTuple):
    name: str
    from_nucleus: int
    from_start: int
    from_end: int
    num_morae: int


def phones_of_labels(labels: Sequence[str]) -> list[str]:
    """Return the phones of one utterance, its silences at both ends left out; a pause inside is "_"."""
    parsed = [_parse(label) for label in labels]
    phones: list[str] = []
    for phone, following in itertools.pairwise(parsed):
        if phone.name == "pau":
            phones.append("_")
        elif phone.name != "sil":
            phones.extend(_NEAREST.get(phone.name, (phone.name,)))
            phones.extend(_mark(phone, following))
    return phones


def _parse(label: str) -> _Phone:
    match = _LABEL.search(label)
    if match is None:
        raise ValueError(f"not a full-context label: {label!r}")
    name, *fields = match.groups()
    numbers = [_NO_MORA if field == "xx" else int(field) for field in fields]
    return _Phone(_VOICELESS_VOWELS.get(name, name), *numbers)


def _mark(phone: _Phone, following: _Phone) -> list[str]:
    is_next_mora = following.from_start == phone.from_start + 1
    if phone.from_end == 1 and following.from_start == 1 and phone.name in _ENDS_MORA:
        return ["#"]
    if phone.from_nucleus == 0 and is_next_mora and phone.from_start != phone.num_morae:
        return ["]"]
    if phone.from_start == 1 and is_next_mora:
        return ["["]
    return []
