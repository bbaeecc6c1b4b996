"""Code in the documentation is code: Python compiles, configurations are valid, requests have a route."""

from __future__ import annotations

import ast
import importlib
import json
import re
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from deployments.config import (
    AppArgs,
    AutoscalingArgs,
    CheckpointArgs,
    FormantArgs,
    GPTSoVITSArgs,
    IngressArgs,
    LimitArgs,
    LiveTextArgs,
    ReplicaArgs,
    StreamingArgs,
)
from deployments.http.openai import SpeechRequest
from tests.unit.docs.pages import Sample, blocks, spans
from tests.unit.docs.requests import Request, curls, operation_of, unknown_fields

_OUR_PACKAGES = ("tts_core", "deployments", "polyvox", "benchmarks")
_ARGS: tuple[type[BaseModel], ...] = (
    AppArgs,
    GPTSoVITSArgs,
    FormantArgs,
    CheckpointArgs,
    ReplicaArgs,
    AutoscalingArgs,
    StreamingArgs,
    IngressArgs,
    LimitArgs,
    LiveTextArgs,
)
_REQUESTS = [(block, request) for block in blocks("sh") for request in curls(block.text)]


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_compiles_and_finds_what_it_imports_of_ours(block: Sample) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_OUR_PACKAGES):
            module = importlib.import_module(node.module or "")
            assert [name.name for name in node.names if not hasattr(module, name.name)] == []
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.startswith(_OUR_PACKAGES):
                    importlib.import_module(name.name)


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_configurations_are_valid(block: Sample) -> None:
    value = yaml.safe_load(block.text)
    if not AppArgs.model_fields.keys().isdisjoint(value):
        AppArgs.model_validate(_with_models(value))


def _with_models(value: dict[str, Any]) -> dict[str, Any]:
    """Complete an excerpt: where it has aliases and no engines, the models are elsewhere in the file."""
    aliases = value.get("ingress", {}).get("model_aliases", {})
    if "engines" in value or not aliases:
        return value
    models: dict[str, dict[str, str]] = {name: {} for name in aliases.values()}
    return {**value, "engines": [{"kind": "gpt_sovits", "models": models}]}


def test_configuration_in_prose_is_valid() -> None:
    named = [span for span in spans() if re.fullmatch(r"[a-z_]+: \S.*", span.text) and _fields_of(span)]
    assert len(named) > 10
    assert [f"{span}: {span.text}" for span in named if not any(_takes(model, span) for model in _ARGS)] == []


def _fields_of(span: Sample) -> list[type[BaseModel]]:
    return [model for model in _ARGS if span.text.partition(":")[0] in model.model_fields]


def _takes(model: type[BaseModel], span: Sample) -> bool:
    try:
        model.model_validate(yaml.safe_load(span.text))
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json_and_requests_have_fields_that_there_are(block: Sample) -> None:
    value = json.loads(block.text)
    if "type" not in value and "error" not in value:
        assert value.keys() - SpeechRequest.model_fields.keys() == set()


@pytest.mark.parametrize(("block", "request_"), _REQUESTS, ids=str)
def test_curl_asks_for_what_the_server_has(block: Sample, request_: Request) -> None:
    operation = operation_of(request_)
    assert operation is not None, f"no route for {request_.method} {request_.url}"
    assert unknown_fields(request_, operation) == set()
    if "/v1/audio/speech" in request_.url and request_.method == "POST":
        body = json.loads("".join(request_.data))
        assert body.keys() - SpeechRequest.model_fields.keys() - {"subtitle_format"} == set()
        SpeechRequest.model_validate(body)


@pytest.mark.parametrize(
    "script",
    [
        "curl http://127.0.0.1:8000/v1/audio/sing -d '{}'",
        "curl http://127.0.0.1:8000/v1/audio/speech",
        "curl http://127.0.0.1:8000/v1/audio/speech/abc?from=3",
        "curl http://127.0.0.1:8000/v1/audio/voices -F name=ann -F sample=@ann.wav",
    ],
)
def test_a_wrong_request_is_noticed(script: str) -> None:
    (request,) = curls(script)
    operation = operation_of(request)
    assert operation is None or unknown_fields(request, operation)
