"""Spans, as an exporter gets them: one trace from the HTTP request to the engine's steps."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Mapping

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from deployments.tracing.environment import tracing_from_environment, wants_traces
from deployments.tracing.tracing import Tracing
from deployments.tracing.untraced import Untraced
from tests.unit.http.fakes import FakeSource
from tts_core.engine.stream import SpeechStream, StreamLimits
from tts_core.errors import SegmentFailed
from tts_core.request import Segment, SynthesisRequest

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
SPEAK = "/v1/audio/speech"
HELLO = {"input": "Hello there.", "voice": "en-us", "response_format": "pcm"}
REQUEST = SynthesisRequest(
    request_id="name/0a1b2c3d",
    model="m",
    voice="v",
    segments=(Segment(0, "Hello."),),
    traceparent=TRACEPARENT,
)


class Spans:
    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracing = Tracing(provider)

    def all(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._exporter.get_finished_spans()}


@pytest.fixture
def spans() -> Spans:
    return Spans()


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture
def client(source: FakeSource, spans: Spans) -> httpx.AsyncClient:
    service = Service(IngressArgs(), source, transport_holds_back=True, tracing=spans.tracing)
    transport = httpx.ASGITransport(create_app(service), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://polyvox")


def context_of(span: ReadableSpan) -> tuple[str, str]:
    assert span.context is not None
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


def attributes_of(span: ReadableSpan) -> Mapping[str, object]:
    assert span.attributes is not None
    return span.attributes


def seconds(span: ReadableSpan) -> float:
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.end_time - span.start_time) / 1e9


async def test_a_request_goes_on_with_its_caller_s_trace(
    client: httpx.AsyncClient, source: FakeSource, spans: Spans
) -> None:
    await client.post(SPEAK, json=HELLO, headers={"traceparent": TRACEPARENT, "X-Request-Id": "name"})
    found = spans.all()
    request, opening = found[f"POST {SPEAK}"], found["open"]
    assert context_of(request)[0] == context_of(opening)[0] == TRACE
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    assert attributes_of(request)["polyvox.request_id"] == "name"
    assert attributes_of(request)["http.response.status_code"] == 200
    # Replicas go on where the request was opened.
    assert source.requests[0].traceparent == "00-{}-{}-01".format(*context_of(opening))


@pytest.mark.parametrize("header", ["nonsense", "00-0-0-01", None])
async def test_without_a_caller_s_trace_a_new_one_begins(
    client: httpx.AsyncClient, source: FakeSource, header: str | None
) -> None:
    answer = await client.post(SPEAK, json=HELLO, headers={"traceparent": header} if header else {})
    assert answer.status_code == 200
    traceparent = source.requests[0].traceparent
    assert traceparent is not None
    assert TRACE not in traceparent


async def test_refusals_say_their_code_and_paths_make_no_names(
    client: httpx.AsyncClient, spans: Spans
) -> None:
    await client.post(SPEAK, json={**HELLO, "voice": "nobody"})
    await client.get("/nothing/at/all")
    await client.get("/healthz")
    found = spans.all()
    assert attributes_of(found[f"POST {SPEAK}"])["error.type"] == "unknown_voice"
    assert set(found) == {f"POST {SPEAK}", "open", "GET"}


async def test_an_engine_s_work_is_told_by_stage(spans: Spans) -> None:
    stream = SpeechStream(100, StreamLimits())
    timeline = stream.timeline
    timeline.read_s = timeline.opened_s + 1.0
    for number, took_s in enumerate((0.25, 0.5)):
        timeline.took_part("decode", timeline.opened_s + 3.0 + number, took_s, num_rows=4 + 2 * number)
    stream.write(b"\0\1" * 50)
    stream.finish()
    spans.tracing.spoke(REQUEST, stream)
    found = spans.all()
    assert set(found) == {"speak", "read", "wait", "decode"}
    assert {context_of(span)[0] for span in found.values()} == {TRACE}
    decode = found["decode"]
    assert attributes_of(decode) == {
        "polyvox.num_steps": 2,
        "polyvox.busy_s": 0.75,
        "polyvox.mean_batch": 5.0,
    }
    assert seconds(found["read"]) == pytest.approx(1.0, abs=1e-6)
    assert seconds(found["wait"]) == pytest.approx(1.75, abs=1e-6)
    assert seconds(decode) == pytest.approx(1.25, abs=1e-6)
    assert [event.name for event in found["speak"].events] == ["first audio"]
    about = attributes_of(found["speak"])
    assert (about["polyvox.request_id"], about["polyvox.end"]) == ("name", "finished")
    assert not any("text" in key or "voice" in key for key in about)


async def test_audio_that_a_listener_brought_along_was_not_made_here(spans: Spans) -> None:
    stream = SpeechStream(100, StreamLimits())
    stream.skip(300)
    stream.write(b"\0\1" * 50)
    stream.finish()
    spans.tracing.spoke(REQUEST, stream)
    assert attributes_of(spans.all()["speak"])["polyvox.audio_s"] == 0.5


async def test_failed_speech_is_an_error(spans: Spans) -> None:
    stream = SpeechStream(100, StreamLimits())
    stream.fail(SegmentFailed("broke"))
    spans.tracing.spoke(dataclasses.replace(REQUEST, traceparent=None), stream)
    speak = spans.all()["speak"]
    assert speak.parent is None
    assert speak.status.status_code is StatusCode.ERROR


@pytest.mark.parametrize(
    ("environ", "is_wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, False),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "TRUE"}, False),
    ],
)
def test_the_environment_decides(environ: dict[str, str], is_wanted: bool) -> None:
    assert wants_traces(environ) == is_wanted
    assert isinstance(tracing_from_environment(environ), Untraced)


def test_an_exporter_of_the_environment_is_made() -> None:
    assert isinstance(tracing_from_environment({"OTEL_TRACES_EXPORTER": "console"}), Tracing)


def test_an_exporter_that_is_not_installed_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert not isinstance(tracing_from_environment({"OTEL_TRACES_EXPORTER": "carrier_pigeon"}), Tracing)
    assert "carrier_pigeon" in caplog.text


def test_nothing_is_imported_where_nothing_is_traced() -> None:
    program = (
        "import sys\n"  # FastAPI has an interest of its own in OpenTelemetry, so not the whole application
        "from deployments.tracing.environment import tracing_from_environment\n"
        "tracing_from_environment({})\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
