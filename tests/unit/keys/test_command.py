"""`polyvox keys`, and a server that won't start open to strangers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployments.keys.key_file import read_keys
from deployments.keys.key_ring import KeyRing
from tests.unit.cli.running import ROOT, polyvox


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "keys.yaml"


def test_a_key_is_made_shown_once_and_works(path: Path) -> None:
    made = polyvox("keys", "create", "alice", "--file", str(path))
    assert made.exit_code == 0
    token = made.stdout.strip()
    assert KeyRing(path).find(token).id == "alice"
    assert token not in path.read_text()
    assert token not in polyvox("keys", "list", "--file", str(path)).output


def test_scopes_and_limits_are_kept(path: Path) -> None:
    limits = ["--requests-per-minute", "60", "--characters-per-minute", "9000"]
    limits += ["--concurrent-streams", "4", "--concurrent-connections", "7"]
    polyvox("keys", "create", "bob", "--scope", "speak", *limits, "--file", str(path))
    [key] = read_keys(path)
    assert key.scopes == ("speak",)
    assert key.limits.model_dump() == {
        "requests_per_minute": 60,
        "characters_per_minute": 9000,
        "concurrent_streams": 4,
        "concurrent_connections": 7,
    }
    [listed] = json.loads(polyvox("keys", "list", "--json", env={"POLYVOX_KEYS": str(path)}).stdout)
    assert listed["id"] == "bob"
    assert "hash" not in listed
    assert "9000" in polyvox("keys", "list", "--file", str(path)).stdout


def test_a_revoked_key_is_gone(path: Path) -> None:
    for key_id in ("alice", "bob"):
        polyvox("keys", "create", key_id, "--file", str(path))
    assert polyvox("keys", "revoke", "alice", "--file", str(path)).exit_code == 0
    assert [key.id for key in read_keys(path)] == ["bob"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["create", "alice"], "already"),
        (["create", "Alice"], "id:"),
        (["create", "bob", "--scope", "fly"], "scopes"),
        (["create", "bob", "--concurrent-streams", "0"], "concurrent_streams"),
        (["revoke", "carol"], "no key carol"),
    ],
)
def test_what_cant_be_done_changes_nothing(path: Path, arguments: list[str], reason: str) -> None:
    polyvox("keys", "create", "alice", "--file", str(path))
    before = path.read_text()
    refused = polyvox("keys", *arguments, "--file", str(path))
    assert refused.exit_code == 1
    assert reason in refused.output
    assert path.read_text() == before


def test_the_configuration_says_where_the_keys_are(path: Path) -> None:
    config = (ROOT / "serve_config.yaml").read_text()
    Path("serve_config.yaml").write_text(config)
    refused = polyvox("keys", "create", "alice")
    assert refused.exit_code == 1
    assert "ingress.keys" in refused.output
    Path("serve_config.yaml").write_text(
        config.replace("      ingress:\n", "      ingress:\n        keys: keys.yaml\n")
    )
    polyvox("keys", "create", "alice")
    assert [key.id for key in read_keys(path)] == ["alice"]


@pytest.mark.parametrize(
    ("ingress", "starts"), [("", False), ("open_to_all: true", True), ("keys: keys.yaml", True)]
)
def test_serve_checks_who_can_reach_it(path: Path, ingress: str, starts: bool) -> None:
    config = (ROOT / "serve_config.yaml").read_text().replace("host: 127.0.0.1", "host: 0.0.0.0")
    Path("public.yaml").write_text(config.replace("      ingress:\n", f"      ingress:\n        {ingress}\n"))
    checked = polyvox("serve", "--check", "public.yaml")
    assert checked.exit_code == (0 if starts else 1)
    assert ("ingress.open_to_all" in checked.output) is not starts
