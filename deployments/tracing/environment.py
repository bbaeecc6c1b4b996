"""Whether traces are wanted, and where they go: by OpenTelemetry's own environment variables."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from deployments.tracing.untraced import Untraced

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

logger = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


def tracing_from_environment(environ: Mapping[str, str] = os.environ) -> Untraced:
    """Return what traces as OTEL_* asks, or `Untraced`. What is asked for and missing is in the log."""
    if not wants_traces(environ):
        return Untraced()
    try:
        from deployments.tracing.tracing import Tracing

        return Tracing(_provider(environ))
    except (ImportError, LookupError) as error:
        logger.warning("OTEL_* asks for traces, and there are none: %s", error)
        return Untraced()


def wants_traces(environ: Mapping[str, str]) -> bool:
    """Whether an exporter or an endpoint is named, and not everything switched off."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporters = environ.get("OTEL_TRACES_EXPORTER", "")
    if exporters:
        return exporters != "none"
    return any(environ.get(name) for name in _ENDPOINTS)


def _provider(environ: Mapping[str, str]) -> TracerProvider:
    """Return a provider. It reads sampler, resource and limits from the environment by itself.

    Raises:
        LookupError: an exporter isn't installed.
    """
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    for exporter in list(_exporters(environ)):
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _exporters(environ: Mapping[str, str]) -> Iterator[SpanExporter]:
    for name in (environ.get("OTEL_TRACES_EXPORTER") or "otlp").split(","):
        entry = _entry_name(name.strip(), environ)
        found = list(entry_points(group="opentelemetry_traces_exporter", name=entry))
        if not found:
            raise LookupError(f"no exporter {entry!r} is installed")
        yield found[0].load()()


def _entry_name(name: str, environ: Mapping[str, str]) -> str:
    if name != "otlp":
        return name
    protocol = next((environ[key] for key in _PROTOCOLS if environ.get(key)), "http/protobuf")
    return "otlp_proto_grpc" if protocol == "grpc" else "otlp_proto_http"
