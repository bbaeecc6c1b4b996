"""The symbol tables are part of the checkpoint format: sizes, order and ids."""

from __future__ import annotations

import hashlib

import pytest

from tests.unit.frontend.golden import GOLDEN
from tts_core.errors import InvalidParameter
from tts_core.frontend.symbols import PUNCTUATION, symbol_table


@pytest.mark.parametrize("case", GOLDEN["en"] + GOLDEN["zh"], ids=lambda case: case["text"][:20])
def test_ids_are_the_checkpoints(case: dict[str, str]) -> None:
    ids = symbol_table("v2").ids(case["phones"].split())
    assert " ".join(map(str, ids)) == case["ids"]


@pytest.mark.parametrize(
    ("version", "size", "digest"),
    [("v1", 322, "b85339cb1cfe2bb3"), ("v2", 732, "a91aea0994bc55f1")],
)
def test_the_whole_table_is_in_order(version: str, size: int, digest: str) -> None:
    table = symbol_table(version)
    assert len(table) == size == len(set(table.symbols))
    assert hashlib.sha256(" ".join(table.symbols).encode()).hexdigest()[:16] == digest


def test_later_versions_share_one_table_that_begins_with_the_first() -> None:
    assert symbol_table("v2Pro") is symbol_table("v2ProPlus") is symbol_table("v2")
    assert symbol_table("v2").symbols[:322] == symbol_table("v1").symbols


def test_a_phone_outside_the_table_is_unknown() -> None:
    table = symbol_table("v1")
    assert table.ids(["ㄱ", "a1"]) == table.ids(["UNK", "a1"])
    assert set(PUNCTUATION) <= set(table.symbols)


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="v9"):
        symbol_table("v9")
