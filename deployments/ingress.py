"""The deployment that speaks HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from ray import serve
from ray.serve.handle import DeploymentHandle

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from deployments.keys.exposure import check_exposure
from deployments.remote_speech import RemoteSpeechSource, Timeouts
from deployments.transport import http_host, writes_reach_the_socket


@serve.ingress()
class Ingress:
    """Answers every dialect from the replicas behind its handles.

    Args:
        args: limits, aliases, origins.
        handles: deployment of each model by name, the default model first.
        multiplexed: models whose deployment holds others, too.

    Raises:
        InvalidConfig: it would be open to strangers without the configuration saying so.
    """

    def __init__(
        self, args: IngressArgs, handles: dict[str, DeploymentHandle[Any]], multiplexed: frozenset[str]
    ) -> None:
        check_exposure(http_host(), args)
        timeouts = Timeouts(args.limits.admission_timeout_s, args.limits.first_audio_timeout_s)
        source = RemoteSpeechSource(handles, multiplexed, timeouts, args.waiting)
        self._service = Service(args, source, transport_holds_back=writes_reach_the_socket())

    def __serve_build_asgi_app__(self) -> FastAPI:
        return create_app(self._service)
