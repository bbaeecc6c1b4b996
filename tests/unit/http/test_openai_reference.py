"""All that the `openai` package knows of `/v1/audio/speech` is known here: its fields, values and names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_type_hints

import httpx
import pytest
import yaml
from openai.types.audio import SpeechModel, speech_create_params

from deployments.http.openai import SpeechRequest

SPEAK = "/v1/audio/speech"
HELLO = {"model": "tts-1", "input": "Hello there.", "voice": "en-us"}
PARAMS = get_type_hints(speech_create_params.SpeechCreateParams)


def served() -> dict[str, Any]:
    text = (Path(__file__).parents[3] / "serve_config.yaml").read_text("utf-8")
    ingress: dict[str, Any] = yaml.safe_load(text)["applications"][0]["args"]["ingress"]
    return ingress


def literals(hint: Any) -> set[str]:
    """Return the strings that a hint allows by name."""
    return {one for arg in get_args(hint) for one in ([arg] if isinstance(arg, str) else literals(arg))}


def test_every_field_is_known() -> None:
    assert set(PARAMS) <= set(SpeechRequest.model_fields)


@pytest.mark.parametrize("name", sorted(literals(PARAMS["response_format"])))
@pytest.mark.parametrize("stream_format", sorted(literals(PARAMS["stream_format"])))
async def test_every_format_is_spoken(client: httpx.AsyncClient, name: str, stream_format: str) -> None:
    body = {**HELLO, "response_format": name, "stream_format": stream_format, "instructions": "Whisper."}
    answer = await client.post(SPEAK, json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(
        "text/event-stream" if stream_format == "sse" else "audio/"
    )


@pytest.mark.parametrize("speed", [0.25, 1, 4.0])
async def test_every_speed_is_taken(client: httpx.AsyncClient, speed: float) -> None:
    assert (await client.post(SPEAK, json={**HELLO, "speed": speed})).status_code == 200


@pytest.mark.parametrize("speed", [0.24, 4.01])
async def test_no_other_speed_is(client: httpx.AsyncClient, speed: float) -> None:
    answer = await client.post(SPEAK, json={**HELLO, "speed": speed})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "speed")


def test_every_voice_and_model_has_an_alias() -> None:
    names = literals(speech_create_params.Voice)
    assert {"alloy", "marin", "cedar"} <= names <= set(served()["voice_aliases"])
    models = set(get_args(SpeechModel))
    assert models
    assert models <= set(served()["model_aliases"])


@pytest.mark.parametrize("name", ["formant", "tts-1"])
async def test_a_model_is_found_by_its_name_or_alias(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/v1/models/{name}")
    assert (answer.status_code, answer.json()["id"], answer.json()["object"]) == (200, name, "model")


async def test_an_unknown_model_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/models/nothing")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_model")
