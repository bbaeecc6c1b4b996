"""The deployment that speaks HTTP."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from ray import serve
from ray.serve.handle import DeploymentHandle

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.gpt_sovits.sessions import LocalSessions
from deployments.http.gpt_sovits.weights import WeightFiles
from deployments.http.service import Service
from deployments.http.voices.opening import StoredVoices, open_desk
from deployments.keys.exposure import check_exposure
from deployments.leaving import replica_is_leaving
from deployments.logs import join_serve_log
from deployments.metrics.listening import IngressFigures
from deployments.metrics.ray_recorder import RayRecorder
from deployments.metrics.sampling import Sampler
from deployments.remote_speech import RemoteSpeechSource, Timeouts
from deployments.replica_capacity import ReplicaCapacity
from deployments.session_keeper import RemoteSessions
from deployments.tracing.environment import tracing_from_environment
from deployments.transport import end_application, http_host, writes_reach_the_socket


@serve.ingress()
class Ingress:
    """Answers every dialect from the replicas behind its handles.

    Args:
        args: limits, aliases, origins.
        handles: deployment of each model by name, the default model first.
        multiplexed: models whose deployment holds others, too.
        may_sleep: models whose deployment may have no replicas while nobody listens.
        voices: where cloned voices are kept, if any model clones.
        weights: files of the models that have any.
        keeper: keeps what clients choose, where there are several ingresses.

    Raises:
        InvalidConfig: it would be open to strangers without the configuration saying so.
    """

    def __init__(
        self,
        args: IngressArgs,
        handles: dict[str, DeploymentHandle[Any]],
        multiplexed: frozenset[str],
        voices: StoredVoices | None = None,
        weights: Mapping[str, WeightFiles] | None = None,
        keeper: DeploymentHandle[Any] | None = None,
        may_sleep: frozenset[str] = frozenset(),
    ) -> None:
        join_serve_log()
        check_exposure(http_host(), args)
        timeouts = Timeouts(args.limits.admission_timeout_s, args.limits.first_audio_timeout_s)
        recorder = RayRecorder()
        figures, tracing = IngressFigures(recorder), tracing_from_environment()

        def moved(model: str, code: str, is_resumed: bool) -> None:
            figures.moved(model, code, is_resumed)
            tracing.event("failover", {"error.type": code, "polyvox.is_resumed": is_resumed})

        source = RemoteSpeechSource(
            handles, multiplexed, timeouts, args.waiting, moved, may_sleep, figures.spread
        )
        self._service = Service(
            args,
            source,
            writes_reach_the_socket(),
            figures,
            tracing,
            weights=weights or {},
            sessions=RemoteSessions(keeper) if keeper is not None else LocalSessions(),
            end=end_application,
            capacity=ReplicaCapacity(handles),
        )
        self._desk = open_desk(args, voices, source.forget_voices)
        self._service.is_leaving = replica_is_leaving
        self._sampler = Sampler(recorder, lambda: figures.sample(time.monotonic()))

    def __serve_build_asgi_app__(self) -> FastAPI:
        return create_app(self._service, self._desk)
