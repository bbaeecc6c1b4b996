"""GPT-SoVITS behind the real server: tiny weights in the official formats, real voices, real HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from ray import serve

from deployments.app import build
from deployments.config import AppArgs
from tests.serve.neural import neural
from tests.support.decoding import decode
from tests.support.listeners import SPEAK, body, listen, listen_together
from tests.support.server import RunningServer, config_args

TEXTS = {
    "ann": "A short sentence, spoken by somebody who was recorded once.",
    "bob": "Another voice speaks at the same time and is not disturbed.",
}


@pytest.fixture
def url(neural_url: str) -> str:
    return neural_url


def test_it_speaks_and_the_other_model_still_does(url: str) -> None:
    models = httpx.get(f"{url}/v1/models").json()["data"]
    assert [model["id"] for model in models] == ["formant", "mine", "tuned"]
    voices = {voice["id"]: voice["model"] for voice in httpx.get(f"{url}/v1/audio/voices").json()["voices"]}
    assert (voices["ann"], voices["fr-fr"]) == ("mine", "formant")
    for model, voice in (("mine", "ann"), ("formant", "en-us")):
        request = body(TEXTS["ann"], model=model, voice=voice, response_format="wav", seed=3)
        answer = httpx.post(url + SPEAK, json=request, timeout=60)
        samples, rate_hz = decode(answer.content)
        assert len(samples) / rate_hz > 0.5
        assert abs(samples).max() > 0.001


async def test_together_is_alone_and_the_seed_decides(url: str) -> None:
    requests: list[dict[str, Any]] = [
        {"text": text, "voice": voice, "model": "mine", "seed": seed, "ignore_eos": True, "max_tokens": 60}
        for voice, text in TEXTS.items()
        for seed in (1, 2)
    ]
    together = await listen_together(url, requests)
    alone = [await listen(url, **request) for request in requests]
    assert [heard.status for heard in together] == [200] * 4
    assert [heard.data for heard in together] == [heard.data for heard in alone]
    assert len({heard.data for heard in alone}) == 4


async def test_a_model_makes_room_for_another_and_cuts_nobody_off(url: str) -> None:
    """One model fits. While somebody listens to it, the other one is refused; then it takes its place."""
    long: dict[str, Any] = {
        "text": TEXTS["ann"],
        "voice": "ann",
        "seed": 1,
        "ignore_eos": True,
        "max_tokens": 100,
    }
    alone = {model: await listen(url, **long, model=model) for model in ("mine", "tuned")}
    assert alone["mine"].data != alone["tuned"].data
    models = ("tuned", "mine", "tuned")
    together = await listen_together(url, [{**long, "model": model} for model in models])
    assert {heard.status for heard in together} <= {200, 429}
    served = [(model, heard) for model, heard in zip(models, together, strict=True) if heard.status == 200]
    assert served
    assert all(heard.data == alone[model].data for model, heard in served)
    for model in ("tuned", "mine"):
        assert (await listen(url, **long, model=model)).data == alone[model].data


def test_the_catalogue_is_the_same_whichever_model_is_loaded(url: str) -> None:
    handle: Any = serve.get_deployment_handle("TTSServer-neural", "neural")
    handle._init(_run_router_in_separate_loop=True)
    catalogues = []
    for model in ("mine", "tuned"):
        heard = asyncio.run(listen(url, "Hello.", voice="ann", model=model, ignore_eos=True, max_tokens=20))
        assert heard.status == 200
        catalogues.append(handle.voices.remote().result(timeout_s=10))
    assert catalogues[0] == catalogues[1]
    assert [(voice.id, voice.model) for voice in catalogues[0]] == [("ann", "mine"), ("bob", "mine")]


def test_sampling_acts_and_its_ranges_are_checked(url: str) -> None:
    def hear(**changes: Any) -> bytes:
        shape = {"max_tokens": 50, **changes}
        return asyncio.run(listen(url, TEXTS["ann"], model="mine", voice="ann", seed=1, **shape)).data

    assert hear(top_k=1) == hear(top_k=1)
    assert hear(top_k=1) != hear(top_k=1000, temperature=2.0)
    assert len(hear(ignore_eos=True, max_tokens=25)) < len(hear(ignore_eos=True, max_tokens=50))
    for changes in ({"top_k": 0}, {"temperature": -1.0}, {"top_p": 2.0}, {"repetition_penalty": 0.0}):
        answer = httpx.post(url + SPEAK, json=body("Hello.", model="mine", voice="ann", **changes))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_parameter")
        assert answer.json()["error"]["param"] == next(iter(changes))


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"voice": "nobody"}, 404, "unknown_voice"),
        ({"voice": "../voices/ann"}, 404, "unknown_voice"),
        ({"language": "sw"}, 400, "unsupported_language"),
        ({"pitch": 1.5}, 400, "invalid_parameter"),
    ],
)
def test_what_it_cannot_do_is_refused(url: str, changes: dict[str, Any], status: int, code: str) -> None:
    answer = httpx.post(url + SPEAK, json=body("Hello.", **{"model": "mine", "voice": "ann", **changes}))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_server_without_weights_says_what_to_run(server: RunningServer, neural_folder: Path) -> None:
    args = config_args()
    args["engines"].append(neural(neural_folder, weights="nowhere"))
    with pytest.raises(RuntimeError):
        serve.run(build(AppArgs.model_validate(args)), name="empty", route_prefix="/empty")
    message = serve.status().applications["empty"].deployments["TTSServer-neural"].message
    serve.delete("empty")
    assert "polyvox weights pull v2" in message


def tts(url: str, **changes: Any) -> httpx.Response:
    """Ask as GPT-SoVITS's own clients do."""
    body = {"text": "Hello there.", "text_lang": "en", "ref_audio_path": "ann", "media_type": "raw"}
    return httpx.post(f"{url}/tts", json={**body, "seed": 1, **changes}, timeout=120)


def test_a_reference_is_a_voice_and_a_prompt_is_the_requests(url: str) -> None:
    plain = tts(url)
    assert (plain.status_code, plain.headers["content-type"]) == (200, "audio/raw")
    for alike in (
        {"ref_audio_path": "C:\\refs\\ANN.wav"},
        {"ref_audio_path": "./参考音频/ann.wav", "prompt_text": "ann", "prompt_lang": "zh"},
        {"prompt_text": "", "prompt_lang": "zh", "aux_ref_audio_paths": ["/refs/ann.wav"]},
        {"gpt_weights": "mine", "fragment_interval": 0.3},
    ):
        assert tts(url, **alike).content == plain.content, alike
    for other in (
        {"prompt_text": "Some other words were said.", "prompt_lang": "en"},
        {"aux_ref_audio_paths": ["bob"]},
        {"sovits_weights": "SoVITS_weights_v2/tuned.pth"},
        {"ref_audio_path": "bob"},
    ):
        answer = tts(url, **other)
        assert answer.status_code == 200, answer.text
        assert answer.content != plain.content, other
    for wrong in ({"prompt_text": "word " * 100}, {"prompt_text": "你好", "prompt_lang": "tlh"}):
        assert tts(url, **wrong).status_code == 400
