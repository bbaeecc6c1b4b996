"""GSVI's addresses: whoever holds one gets the speech, at the expense of who asked for it, for a while."""

from __future__ import annotations

import random
from pathlib import Path

import httpx
import pytest

from deployments.http.gpt_sovits.gsvi import MAX_TOKEN_CHARS, Link, LinkInvalid, seal, unseal
from deployments.keys.key_file import KeyLimits, changing_keys
from deployments.keys.key_ring import CHECK_S
from tests.support.decoding import decode
from tests.unit.http.gpt_sovits.support import Voices, connect
from tests.unit.keys.support import add_key
from tts_core.errors import InputTooLong

BODY = {
    "dl_url": "",
    "version": "v4",
    "model_name": "ann",
    "prompt_text_lang": "中文",
    "emotion": "默认",
    "text": "Hello there.",
    "text_lang": "英文",
}


def han(num_chars: int) -> str:
    """Return text that can't be packed."""
    chance = random.Random(num_chars)
    return "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(num_chars))


LINK = Link({"text": "Hello \ud800."}, "alice", 1000.0)


async def test_the_address_is_the_speech_and_repeats_itself(
    ingress: httpx.AsyncClient, voices: Voices
) -> None:
    told = (await ingress.post("/infer_single", json=BODY)).json()
    assert told["msg"] == "合成成功"
    assert voices.requests == []
    answers = [await ingress.get(told["audio_url"]) for _ in range(2)]
    assert decode(answers[0].content)[0].size
    first, second = voices.requests
    assert (first.voice, first.language, first.seed) == ("ann", "en", second.seed)
    assert first.prompt_text is None


async def test_the_address_is_where_the_client_says_the_server_is(ingress: httpx.AsyncClient) -> None:
    body = {**BODY, "dl_url": "http://nas.example:8000/"}
    url = (await ingress.post("/infer_single", json=body)).json()["audio_url"]
    assert url.startswith("http://nas.example:8000/infer_single/results/")


async def test_what_was_chosen_before_is_in_the_address(ingress: httpx.AsyncClient, voices: Voices) -> None:
    await ingress.get("/session/a/set_gpt_weights", params={"weights_path": "two"})
    url = (await ingress.post("/session/a/infer_single", json=BODY)).json()["audio_url"]
    assert "/session/a/" in url
    await ingress.get("/session/a/set_gpt_weights", params={"weights_path": "one"})
    assert (await ingress.get(url)).status_code == 200
    assert voices.requests[0].model == "two"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": ""}, "empty_input"),
        ({"model_name": ""}, "invalid_parameter"),
        ({"text": "word " * 5000}, "input_too_long"),
        ({"top_k": "many"}, "invalid_parameter"),
        ({"text": han(9000)}, "input_too_long"),
    ],
)
async def test_what_cant_be_spoken_is_told_at_once(
    ingress: httpx.AsyncClient, changes: dict[str, str], code: str
) -> None:
    answer = await ingress.post("/infer_single", json={**BODY, **changes})
    assert (answer.status_code, answer.json()["Exception"]) == (400, code)


async def test_an_address_is_paid_for_by_its_key_and_dies_with_it(
    voices: Voices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.yaml"
    bearer = {"Authorization": f"Bearer {add_key(path, 'alice', limits=KeyLimits(requests_per_minute=3))}"}
    async with connect(voices, keys=str(path)) as client:
        url = (await client.post("/infer_single", json=BODY, headers=bearer)).json()["audio_url"]
        assert [(await client.get(url)).status_code for _ in range(3)] == [200, 200, 429]
        assert (await client.post("/infer_single", json=BODY, headers=bearer)).status_code == 429
        with changing_keys(path) as keys:
            del keys["alice"]
        monkeypatch.setattr("deployments.keys.key_ring.CHECK_S", -CHECK_S)
        assert (await client.get(url)).status_code == 401
    assert voices.payers == ["alice", "alice"]


def test_a_link_is_what_was_sealed() -> None:
    assert unseal(seal(LINK, b"secret"), b"secret", 999.0) == LINK


def test_a_link_is_good_for_its_time_only() -> None:
    with pytest.raises(LinkInvalid, match="minutes"):
        unseal(seal(LINK, b"secret"), b"secret", 1001.0)


@pytest.mark.parametrize("token", ["", "x", "\u0100", "=" * 9, seal(LINK, b"other"), "A" * 80])
def test_nobody_makes_a_link_without_the_secret(token: str) -> None:
    with pytest.raises(LinkInvalid):
        unseal(token, b"secret", 0.0)


def test_no_letter_of_a_link_can_be_changed() -> None:
    token = seal(LINK, b"secret")
    for index in range(len(token) - 1):
        changed = token[:index] + ("A" if token[index] != "A" else "B") + token[index + 1 :]
        with pytest.raises(LinkInvalid):
            unseal(changed, b"secret", 0.0)


def test_a_link_fits_an_address() -> None:
    assert len(seal(Link({"text": han(1200)}, "", 0.0), b"s")) <= MAX_TOKEN_CHARS
    with pytest.raises(InputTooLong):
        seal(Link({"text": han(5000)}, "", 0.0), b"s")
