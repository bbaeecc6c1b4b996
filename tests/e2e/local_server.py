"""The application of serve_config.yaml in this process: its own engine, encoders and routes, and no Ray."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deployments.config_file import load_app_args
from deployments.http.app import create_app
from deployments.http.service import Service
from polyvox.local import LocalSource
from tests.e2e.serving import serving
from tests.support.server import CONFIG


@asynccontextmanager
async def run_local() -> AsyncIterator[str]:
    """Yield the address of the server."""
    args = load_app_args(CONFIG)
    source = LocalSource(args)
    try:
        async with serving(create_app(Service(args.ingress, source, transport_holds_back=True))) as url:
            yield url
    finally:
        await source.stop()
