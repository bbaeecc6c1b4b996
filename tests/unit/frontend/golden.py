"""Sentences and the phones that the reference front end gives them, and where ours differ on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "data" / "golden_text.json"
GOLDEN: dict[str, list[dict[str, Any]]] = json.loads(_FILE.read_text(encoding="utf-8"))

# Requests and English sentences that natural readings read otherwise, and why that is right.
DIFFERENT = {
    "Visit https://example.com for more info.": "the scheme isn't a word ('httpsexample'), the dot is said",
    "50% of 1,234,567 is about 617,283.": "thirty-four is thirty and four, not a word guessed by its letters",
    "这本书售价￥59.9元。": "the sign is money, said as 元; to the reference it is a pause of its own, SP2",
    "我爱Python和GPT，真的。": "the comma after GPT is a pause, not lost",
    "Dr. Smith lives at 221B Baker Street.": "Dr. is Doctor, not drive and a full stop",
    "It's 10:45 AM; temperatures reach -3.5°C.": "AM is said once, the semicolon is a pause, reach is a word",
    "Wi-Fi, Bluetooth & USB-C are standards.": "& is said",
    "Mr. Jones' dog and the foxes' den...": "no full stop between Mr. and the name",
}

# The same where the reference's readings are asked for.
REFERENCE_DIFFERENT: dict[str, str] = {}


def matching(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cases in which ours is expected to be the reference's."""
    return [case for case in cases if case["text"] not in DIFFERENT]


def different(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the others."""
    return [case for case in cases if case["text"] in DIFFERENT]
