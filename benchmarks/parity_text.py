"""The text front end against golden data: where a text is cut, and which phones it becomes.

Cutting has to agree always; phones, in plain English and plain Chinese sentences. Other texts (numbers,
symbols, abbreviations, both languages at once) are counted without a bar: the reference misreads some.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.parity_checks import Check, same_tokens
from tts_core.frontend.cut import cut_text
from tts_core.frontend.pipeline import phonemize

_PLAIN = re.compile(r"[A-Za-z ,.!?']+|[\u4e00-\u9fff ，。！？]+")
_ABBREVIATION = re.compile(r"\b[A-Za-z]{1,3}\.(?=.)")

Item = dict[str, Any]


def check_text(path: Path) -> list[Check]:
    """Check the `segment` and `pipe` lists of a file named `text_VERSION.json`."""
    golden: dict[str, list[Item]] = json.loads(path.read_text(encoding="utf-8"))
    version = path.stem.removeprefix("text_")
    items = golden.get("pipe", [])
    plain = [item for item in items if _is_plain(item["text"])]
    others = [item for item in items if item not in plain]
    checks = [_same_pieces(item) for item in golden.get("segment", [])]
    checks += [_same_phones(item, version) for item in plain]
    return checks + ([_counted(others, version)] if others else [])


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and _ABBREVIATION.search(text) is None


def _same_pieces(item: Item) -> Check:
    found, expected = cut_text(item["text"], item["lang"], item["method"]), item["out"]
    same = found == expected
    shown = f"{len(found)} pieces" if same else repr(found)
    wanted = "all equal" if same else repr(expected)
    return Check(f"text, {item['method']}", item["text"][:20], shown, wanted, same)


def _same_phones(item: Item, version: str) -> Check:
    found = phonemize(item["text"], item["lang"], version).ids
    return same_tokens(f"text, phones of {item['lang']}", item["text"][:20], found, item["ids"])


def _counted(items: list[Item], version: str) -> Check:
    equal = sum(_same_phones(item, version).passed for item in items)
    return Check("text, phones of the rest", "texts", f"{equal} of {len(items)}", "no bar", True)
