"""One trace from the caller to the engine's steps, as a collector gets it from several processes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deployments import app
from tests.serve.neural import neural
from tests.support.collector import Collector, Span, run_collector
from tests.support.listeners import SPEAK
from tests.support.server import RunningServer, config_args, run_app
from tests.support.waiting import until

STEPS = {"read", "wait", "prefill", "decode", "latents", "vocode"}
CALLER = "b7ad6b7169203331"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with run_collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def traced(server: RunningServer, neural_folder: Path, collector: Collector) -> Iterator[str]:
    """An application whose processes have OpenTelemetry's variables, as containers would."""
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "process",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    args = config_args()
    args["engines"] = [neural(neural_folder)]
    args["ingress"] |= {"model_aliases": {}, "voice_aliases": {}}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ENGINE_ENV", "REPLICA_ENV"):
            patch.setattr(app, name, {**getattr(app, name), **variables})
        with run_app(server, "traced", args) as url:
            yield url


async def speak(client: httpx.AsyncClient, url: str, name: str, trace: str | None) -> str:
    """Have something spoken; return the name of the answer."""
    length = {"ignore_eos": True, "min_tokens": 30, "max_tokens": 30}
    body = {"input": f"This is for {name}.", "voice": "ann", "response_format": "pcm", **length}
    headers = {"X-Request-Id": name}
    if trace is not None:
        headers["traceparent"] = f"00-{trace}-{CALLER}-01"
    answer = await client.post(url + SPEAK, json=body, headers=headers)
    assert answer.status_code == 200
    return answer.headers["X-Request-Id"]


async def whole(collector: Collector, request_id: str) -> list[Span]:
    """Return a request's trace, once its engine's and its ingress's spans have come."""

    def of_request() -> list[Span]:
        return [span for span in collector.spans if span.attributes.get("polyvox.request_id") == request_id]

    await until(lambda: {span.name for span in of_request()} >= {f"POST {SPEAK}", "speak"}, within_s=20)
    [trace] = {span.trace for span in of_request()}
    await until(lambda: {span.name for span in collector.of(trace)} >= STEPS, within_s=20)
    return collector.of(trace)


async def test_a_trace_goes_from_the_caller_to_the_engine_s_steps(traced: str, collector: Collector) -> None:
    trace = secrets.token_hex(16)
    async with httpx.AsyncClient(timeout=60) as client:
        request_id = await speak(client, traced, "alice", trace)
    spans = {span.name: span for span in await whole(collector, request_id)}
    assert spans.keys() == {f"POST {SPEAK}", "open", "speak", *STEPS}
    ingress, opened, spoken = spans[f"POST {SPEAK}"], spans["open"], spans["speak"]
    assert {span.trace for span in spans.values()} == {trace}
    assert (ingress.parent, opened.parent, spoken.parent) == (CALLER, ingress.id, opened.id)
    assert {spans[step].parent for step in STEPS} == {spoken.id}
    assert None is not ingress.pid == opened.pid != spoken.pid is not None
    assert {spans[step].pid for step in STEPS} == {spoken.pid}
    assert spoken.attributes["polyvox.end"] == "finished"
    assert spans["decode"].attributes["polyvox.num_steps"] >= 29
    assert 0 < spans["decode"].attributes["polyvox.busy_s"] < 60
    for step in STEPS:
        assert spoken.began_ns <= spans[step].began_ns <= spans[step].ended_ns <= spoken.ended_ns


async def test_traces_of_those_who_speak_together_stay_apart(traced: str, collector: Collector) -> None:
    """Steps that they share are in the trace of each."""
    traces = [secrets.token_hex(16), secrets.token_hex(16), None]
    async with httpx.AsyncClient(timeout=60) as client:
        names = ("bob", "carol", "dave")
        asked = [speak(client, traced, name, trace) for name, trace in zip(names, traces, strict=True)]
        request_ids = await asyncio.gather(*asked)
    found = [await whole(collector, request_id) for request_id in request_ids]
    for spans, request_id, trace in zip(found, request_ids, traces, strict=True):
        assert len(spans) == len(STEPS) + 3
        assert {span.trace for span in spans} == {trace or spans[0].trace}
        names_told = {span.attributes.get("polyvox.request_id", request_id) for span in spans}
        assert names_told == {request_id}
    assert len({spans[0].trace for spans in found}) == 3
