"""Who may change voices, and whose: keys, strangers, and what a public list tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.keys.key_file import Scope
from tests.unit.http.voices.support import VOICES, code_of, connect, files_in, upload
from tests.unit.keys.support import add_key


async def test_uploads_are_off_where_strangers_are_let_in(folder: Path) -> None:
    async with connect(folder, open_to_all=True) as client:
        assert code_of(await upload(client)) == (403, "uploads_disabled")
        assert code_of(await client.delete(f"{VOICES}/me")) == (403, "uploads_disabled")
    async with connect(folder, open_to_all=True, voices={"uploads": True}) as client:
        assert (await upload(client)).status_code == 200


@pytest.mark.parametrize("scopes", [("speak",), ("voices",), ("speak", "voices")])
async def test_a_key_needs_a_scope_of_its_own_to_change_voices(
    folder: Path, tmp_path: Path, scopes: tuple[Scope, ...]
) -> None:
    keys = tmp_path / "keys.yaml"
    token = add_key(keys, "alice", scopes=scopes)
    async with connect(folder, keys=str(keys)) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        assert code_of(await upload(client)) == (403, "insufficient_scope")
        assert code_of(await client.delete(f"{VOICES}/me")) == (403, "insufficient_scope")
    assert files_in(folder) == []


async def test_a_key_deletes_what_it_added_and_an_admin_everything(folder: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.yaml"
    write: tuple[Scope, ...] = ("voices", "voices:write")
    tokens = {name: add_key(keys, name, scopes=write) for name in ("alice", "bob")}
    tokens["root"] = add_key(keys, "root", scopes=("admin",))

    def bearer(name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens[name]}"}

    limits = {"max_voices_per_key": 1}
    async with connect(folder, keys=str(keys), voices=limits, public_voices=True) as client:
        client.headers.update(bearer("alice"))
        assert (await upload(client)).status_code == 200
        assert code_of(await upload(client, name="more")) == (403, "voice_limit_reached")
        assert code_of(await client.delete(f"{VOICES}/me", headers=bearer("bob"))) == (403, "not_your_voice")
        client.headers.update(bearer("bob"))
        assert (await upload(client, name="more")).status_code == 200
        assert (await client.delete(f"{VOICES}/more", headers=bearer("root"))).status_code == 200
        assert (await client.delete(f"{VOICES}/me", headers=bearer("alice"))).status_code == 200


async def test_a_public_list_is_no_public_transcript(folder: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.yaml"
    add_key(keys, "alice")
    async with connect(folder, keys=str(keys), public_voices=True) as client:
        assert (await client.get(VOICES)).status_code == 200
        for path in (f"{VOICES}/me", f"{VOICES}/me/preview", f"{VOICES}/"):
            assert (await client.get(path)).status_code == 401
        assert (await upload(client)).status_code == 401
