"""Traces, where OTEL_* in the environment asks for them. Otherwise OpenTelemetry isn't even imported."""
