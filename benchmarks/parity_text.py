"""The text front end against golden data: where a text is cut."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.parity_checks import Check
from tts_core.frontend.cut import cut_text


def check_text(path: Path) -> list[Check]:
    """Check that every text of the file's `segment` list is cut as the reference cuts it."""
    return [
        _same_pieces(
            f"text, {item['method']}", cut_text(item["text"], item["lang"], item["method"]), item["out"]
        )
        for item in json.loads(path.read_text())["segment"]
    ]


def _same_pieces(subject: str, found: list[str], expected: list[str]) -> Check:
    same = found == expected
    shown = f"{len(found)} pieces" if same else repr(found)
    return Check(subject, "pieces", shown, f"{len(expected)} pieces" if same else repr(expected), same)
