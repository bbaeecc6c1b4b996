"""What is kept of a key, and how its file is read, changed and broken."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deployments.keys.key_file import Key, KeyLimits, changing_keys, read_keys
from deployments.keys.tokens import hash_token, id_in, matches, new_token
from tests.unit.keys.support import add_key
from tts_core.errors import InvalidConfig

HASH = hash_token(new_token("alice"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.yaml"


def test_a_token_is_known_by_its_hash_alone() -> None:
    token, other = new_token("alice"), new_token("alice")
    assert matches(token, hash_token(token))
    assert not matches(other, hash_token(token))
    assert token.rpartition("_")[2] not in hash_token(token)
    assert id_in(token) == "alice"


@pytest.mark.parametrize(
    "text", ["", "alice", "pv_alice_", "pv_alice_" + "g" * 64, "pv_al ice_" + "0" * 64, "é"]
)
def test_what_is_no_token_belongs_to_nobody(text: str) -> None:
    assert id_in(text) is None


def test_what_is_written_is_read(path: Path) -> None:
    limits = KeyLimits(requests_per_minute=60, characters_per_minute=9000, concurrent_streams=4)
    key = Key(id="alice", hash=HASH, scopes=("speak",), limits=limits, created="2026-11-22")
    with changing_keys(path) as keys:
        keys["alice"] = key
    assert read_keys(path) == (key,)


def test_the_file_holds_no_secret_and_is_the_owners(path: Path) -> None:
    token = add_key(path, "alice")
    assert token.rpartition("_")[2] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_change_that_fails_changes_nothing(path: Path) -> None:
    add_key(path, "alice")
    before = path.read_text()

    def clear_and_fail() -> None:
        with changing_keys(path) as keys:
            keys.clear()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        clear_and_fail()
    assert path.read_text() == before


def test_no_change_is_lost_to_another(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add_key(path, f"key-{number}"), range(24)))
    assert {key.id for key in read_keys(path)} == {f"key-{number}" for number in range(24)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("keys: [", "isn't YAML in line"),
        ("\x00", "isn't YAML"),
        ("- alice", "the file"),
        ("", "the file"),
        (f"keys: [{{id: alice, hash: '{HASH}', secret: 1}}]", "keys.0.secret"),
        (f"keys: [{{id: Alice, hash: '{HASH}'}}]", "keys.0.id"),
        ("keys: [{id: alice, hash: hunter2}]", "keys.0.hash"),
        (f"keys: [{{id: alice, hash: '{HASH}', scopes: []}}]", "keys.0.scopes"),
        (f"keys: [{{id: alice, hash: '{HASH}', scopes: [fly]}}]", "keys.0.scopes"),
        (f"keys: [{{id: alice, hash: '{HASH}', limits: {{requests_per_minute: 0}}}}]", "requests_per_minute"),
        (f"keys: [{{id: a, hash: '{HASH}'}}, {{id: a, hash: '{HASH}'}}]", "more than one key a"),
    ],
)
def test_a_broken_file_says_where_and_repeats_nothing(path: Path, text: str, reason: str) -> None:
    path.write_text(text)
    with pytest.raises(InvalidConfig) as caught:
        read_keys(path)
    assert reason in caught.value.message
    assert str(path) in caught.value.message
    assert HASH not in caught.value.message
    assert "hunter2" not in caught.value.message


def test_a_missing_file_says_so(path: Path) -> None:
    with pytest.raises(InvalidConfig, match="can't be read"):
        read_keys(path)
