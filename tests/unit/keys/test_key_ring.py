"""A running server's keys follow their file."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from deployments.keys import key_ring
from deployments.keys.errors import KeyInvalid
from deployments.keys.key_file import changing_keys
from deployments.keys.key_ring import CHECK_S, KeyRing
from deployments.keys.tokens import new_token
from tests.unit.keys.support import Clock, add_key
from tts_core.errors import InvalidConfig


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.yaml"


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_token_opens_its_own_key_only(path: Path) -> None:
    alice, bob = add_key(path, "alice"), add_key(path, "bob")
    ring = KeyRing(path)
    assert ring.find(alice).id == "alice"
    assert ring.find(bob).id == "bob"
    forged = f"pv_bob_{alice.rpartition('_')[2]}"
    for wrong in (
        forged,
        alice[:-1],
        alice + "0",
        alice.upper(),
        new_token("alice"),
        new_token("carol"),
        "",
        "é",
    ):
        with pytest.raises(KeyInvalid) as caught:
            ring.find(wrong)
        assert wrong == "" or wrong not in caught.value.message


def test_an_unknown_id_costs_as_much_as_a_wrong_secret(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_key(path, "alice")
    ring = KeyRing(path)
    compared: list[str] = []

    def note(token: str, kept: str) -> bool:
        compared.append(kept)
        return False

    monkeypatch.setattr(key_ring, "matches", note)
    for wrong in (new_token("alice"), new_token("carol"), "nonsense"):
        with pytest.raises(KeyInvalid):
            ring.find(wrong)
    assert len(compared) == 3


def test_new_and_revoked_keys_are_noticed(path: Path, clock: Clock) -> None:
    alice = add_key(path, "alice")
    ring = KeyRing(path, clock)
    bob = add_key(path, "bob")
    with changing_keys(path) as keys:
        del keys["alice"]
    clock.now_s += CHECK_S
    assert ring.find(bob).id == "bob"
    with pytest.raises(KeyInvalid):
        ring.find(alice)


@pytest.mark.parametrize("broken", ["keys: [", "keys: [{id: alice}]", None])
def test_a_broken_file_leaves_the_old_keys_and_is_logged_once(
    path: Path, clock: Clock, broken: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    alice = add_key(path, "alice")
    ring = KeyRing(path, clock)
    if broken is None:
        path.unlink()
    else:
        path.write_text(broken)
    with caplog.at_level(logging.ERROR, logger="ray.serve"):
        for _ in range(3):
            clock.now_s += CHECK_S
            assert ring.find(alice).id == "alice"
    assert len(caplog.records) == 1
    assert "the old API keys stay" in caplog.text
    path.unlink(missing_ok=True)
    bob = add_key(path, "bob")
    clock.now_s += CHECK_S
    assert ring.find(bob).id == "bob"


def test_a_server_doesnt_start_with_a_broken_file(path: Path) -> None:
    path.write_text("keys: [")
    with pytest.raises(InvalidConfig):
        KeyRing(path)


def test_the_file_is_looked_at_once_a_second_at_most(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = add_key(path, "alice")
    ring = KeyRing(path, clock)
    looks: list[Path] = []
    monkeypatch.setattr(key_ring, "_stamp", looks.append)
    for _ in range(20):
        clock.now_s += CHECK_S / 10
        ring.find(alice)
    assert len(looks) in (1, 2)
