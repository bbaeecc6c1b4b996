"""Several models on two replicas that hold one each: who is loaded where, who leaves, who fails alone."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from ray import serve

from benchmarks.make_checkpoint import make_checkpoint
from tests.serve.neural import fine_tune
from tests.support.listeners import SPEAK, Heard, RawListener, body, listen, listen_together
from tests.support.server import RunningServer, run_app
from tests.unit.voices.samples import add
from tts_core.voices import VoiceStore

TEXT = "A short sentence, spoken by somebody who was recorded once."
HEARD_S = 1.0
"""How long Serve may take to tell its routers who has loaded what."""


def shaped(**changes: Any) -> dict[str, Any]:
    return {"voice": "ann", "seed": 1, "ignore_eos": True, "max_tokens": 40, **changes}


def many(folder: Path) -> dict[str, Any]:
    """Return the configuration: three models that speak, and three that can't be loaded."""
    mine: dict[str, Any] = {"version": "v2", "weights": str(folder / "weights")}
    files = {
        "b": "tuned.pth",
        "c": "again.pth",
        "cut": "cut.pth",
        "missing": "missing.pth",
        "foreign": "v1.pth",
    }
    return {
        "kind": "gpt_sovits",
        "name": "many",
        "models": {"a": mine}
        | {name: {**mine, "sovits": str(folder / file)} for name, file in files.items()},
        "max_loaded_models": 1,
        "voices": str(folder / "voices"),
        "prompt_cache": str(folder / "prompts"),
        "replica": {
            "device": "cpu",
            "cpus": 0.25,
            "autoscaling": {"min_replicas": 2, "max_replicas": 2},
            "graceful_shutdown_timeout_s": 1.0,
        },
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice, and the models' weights: good ones, one cut off, and one of another version."""
    folder = tmp_path_factory.mktemp("many")
    add(VoiceStore(folder / "voices"), "ann")
    fine_tune(make_checkpoint("v2", folder / "weights", tiny=True).sovits, folder / "tuned.pth")
    fine_tune(folder / "tuned.pth", folder / "again.pth")
    (folder / "cut.pth").write_bytes((folder / "tuned.pth").read_bytes()[:-5000])
    other = make_checkpoint("v1", folder / "other", tiny=True)
    (folder / "v1.pth").write_bytes(other.sovits.read_bytes())
    return folder


@pytest.fixture(scope="module")
def url(server: RunningServer, folder: Path) -> Iterator[str]:
    args = {"engines": [many(folder)], "ingress": {"cpus": 0.1}}
    with run_app(server, "many", args) as url:
        yield url


def loads() -> list[Counter[tuple[str, str]]]:
    """Return each replica's loads since it started."""
    return [Counter(one) for one in replicas().broadcast("loads").results(timeout_s=10)]


@cache
def replicas() -> Any:
    handle: Any = serve.get_deployment_handle("TTSServer-many", "many")
    handle._init(_run_router_in_separate_loop=True)
    return handle


def total() -> Counter[tuple[str, str]]:
    return sum(loads(), Counter())


def hear(url: str, model: str, **changes: Any) -> Heard:
    return asyncio.run(listen(url, TEXT, model=model, **shaped(**changes)))


@contextmanager
def held_open(url: str, model: str) -> Iterator[None]:
    """Have somebody take the beginning of a long stream and then nothing more, until they hang up."""
    listener = RawListener(url, " ".join([TEXT] * 60), model=model, **shaped(max_tokens=100))
    try:
        listener.read(20_000)
        yield
    finally:
        listener.hang_up()


def test_requests_go_to_where_their_model_is_loaded(url: str) -> None:
    assert [one["a", "ok"] for one in loads()] == [1, 1]
    assert hear(url, "b").status == 200
    time.sleep(HEARD_S)
    for _ in range(4):
        assert [hear(url, model).status for model in ("a", "b")] == [200, 200]
    assert total() == {("a", "ok"): 2, ("b", "ok"): 1}


def test_several_who_ask_share_a_load_and_whoever_hangs_up_takes_nothing_away(url: str) -> None:
    before = total()
    leaver = RawListener(url, TEXT, model="c", **shaped())
    time.sleep(0.2)
    leaver.hang_up()
    heard = asyncio.run(together(url, "c", 3))
    assert [one.status for one in heard] == [200] * 3
    assert len({one.data for one in heard}) == 1
    # Once in each replica at most: the first ones may have been sent before Serve knew where it is.
    assert (total() - before)["c", "ok"] in (1, 2)


async def together(url: str, model: str, count: int) -> list[Heard]:
    requests = [{"text": TEXT, "model": model, **shaped()} for _ in range(count)]
    return await listen_together(url, requests)


def test_listeners_keep_their_models_and_a_third_one_is_refused_until_they_have_gone(url: str) -> None:
    alone = {model: hear(url, model).data for model in ("a", "b")}
    with held_open(url, "a"), held_open(url, "b"):
        time.sleep(HEARD_S)
        before = total()
        answer = httpx.post(url + SPEAK, json=body(TEXT, model="c", **shaped()), timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "overloaded")
        assert int(answer.headers["Retry-After"]) >= 1
        # Nobody was moved for it.
        assert {model: hear(url, model).data for model in alone} == alone
        assert total() == before
    assert until_heard(url, "c").status == 200


def until_heard(url: str, model: str, within_s: float = 20.0) -> Heard:
    """Ask as a client does that heeds Retry-After."""
    deadline = time.monotonic() + within_s
    while (heard := hear(url, model)).status == 429 and time.monotonic() < deadline:
        time.sleep(0.5)
    return heard


async def test_what_cannot_be_loaded_says_so_each_time_and_disturbs_nobody(url: str) -> None:
    long = shaped(max_tokens=300)
    alone = await listen(url, TEXT, model="a", **long)
    before = await asyncio.to_thread(total)
    beside = asyncio.create_task(listen(url, TEXT, model="a", **long))
    expected = {"cut": "invalid_checkpoint", "missing": "missing_weights", "foreign": "invalid_checkpoint"}
    async with httpx.AsyncClient(timeout=30) as client:
        for model, code in expected.items():
            for _ in range(2):
                answer = await client.post(url + SPEAK, json=body(TEXT, model=model, **shaped()))
                assert (answer.status_code, answer.json()["error"]["code"]) == (500, code)
    assert (await beside).data == alone.data
    # Nobody made room for them: what was loaded still is.
    after = await asyncio.to_thread(total) - before
    assert {model for (model, code) in after if code == "ok"} == set()
    assert {key: after[key] for key in expected.items()} == dict.fromkeys(expected.items(), 2)
