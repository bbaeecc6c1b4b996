"""Spans for OpenTelemetry. Imported only where traces are wanted.

A request is one span in the ingress, and one in each replica that spoke it, with a child for each kind of
work: when it began and ended, how many steps it took part in, how long these were and how many shared them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from deployments.http.request_id import request_of
from deployments.tracing.untraced import Attributes, Finish, Untraced
from tts_core.engine.stream import SpeechStream, StreamState
from tts_core.request import SynthesisRequest

_W3C = TraceContextTextMapPropagator()


class Tracing(Untraced):
    """Traces with a provider of its own: Serve's and others' stay as they are."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("polyvox")
        self._current: ContextVar[Span | None] = ContextVar("polyvox_span", default=None)

    @contextlib.contextmanager
    def request(self, name: str, traceparent: str | None, attributes: Attributes) -> Iterator[Finish]:
        span = self._tracer.start_span(name, _context(traceparent), SpanKind.SERVER, attributes)

        def finish(name: str, attributes: Attributes) -> None:
            span.update_name(name)
            span.set_attributes(attributes)

        with self._as_current(span):
            yield finish

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        with self._as_current(self._tracer.start_span(name, self._here())):
            yield

    def event(self, name: str, attributes: Attributes) -> None:
        span = self._current.get()
        if span is not None:
            span.add_event(name, attributes)

    def traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, self._here())
        return carrier.get("traceparent")

    def spoke(self, request: SynthesisRequest, stream: SpeechStream) -> None:
        timeline, clock = stream.timeline, _WallClock()
        span = self._tracer.start_span(
            "speak",
            _context(request.traceparent),
            attributes={
                "polyvox.request_id": request_of(request.request_id),
                "polyvox.stream_id": request.request_id,
                "polyvox.model": request.model,
                "polyvox.num_chars": request.num_chars,
                "polyvox.audio_s": stream.num_made / stream.sample_rate_hz,
                "polyvox.end": stream.state.name.lower(),
            },
            start_time=clock.ns(timeline.opened_s),
        )
        if stream.state is StreamState.FAILED:
            span.set_status(Status(StatusCode.ERROR))
        if timeline.heard_s is not None:
            span.add_event("first audio", timestamp=clock.ns(timeline.heard_s))
        self._trace_work(set_span_in_context(span), stream, clock)
        span.end()

    def _trace_work(self, within: Context, stream: SpeechStream, clock: _WallClock) -> None:
        timeline = stream.timeline
        waits_from_s = timeline.opened_s
        if timeline.read_s is not None:
            waits_from_s = timeline.read_s
            self._past("read", within, clock, (timeline.opened_s, timeline.read_s), {})
        if timeline.begun_s is not None:
            self._past("wait", within, clock, (waits_from_s, max(waits_from_s, timeline.begun_s)), {})
        for stage, work in timeline.stages.items():
            attributes: Attributes = {
                "polyvox.num_steps": work.num_steps,
                "polyvox.busy_s": work.busy_s,
                "polyvox.mean_batch": work.num_rows / work.num_steps,
            }
            self._past(stage, within, clock, (work.first_s, work.last_s), attributes)

    def _past(
        self,
        name: str,
        within: Context,
        clock: _WallClock,
        when_s: tuple[float, float],
        attributes: Attributes,
    ) -> None:
        began, ended = (clock.ns(moment_s) for moment_s in when_s)
        self._tracer.start_span(name, within, attributes=attributes, start_time=began).end(ended)

    @contextlib.contextmanager
    def _as_current(self, span: Span) -> Iterator[None]:
        token = self._current.set(span)
        try:
            yield
        except Exception as error:
            span.record_exception(error)
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            self._current.reset(token)
            span.end()

    def _here(self) -> Context:
        span = self._current.get()
        return Context() if span is None else set_span_in_context(span, Context())


class _WallClock:
    """Tells what time it was at a moment of the monotonic clock."""

    def __init__(self) -> None:
        self._ahead_ns = time.time_ns() - time.monotonic_ns()

    def ns(self, moment_s: float) -> int:
        return self._ahead_ns + int(moment_s * 1e9)


def _context(traceparent: str | None) -> Context:
    """Return the context that a caller named. One that makes no sense counts as none."""
    if traceparent is None:
        return Context()
    return _W3C.extract({"traceparent": traceparent}, Context())
