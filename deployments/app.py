"""`build`: the import_path of serve_config.yaml.

Annotations are evaluated here, unlike elsewhere: Serve reads the type of `build`'s argument to validate it.
"""

from typing import Any

import ray
from ray import serve
from ray.serve import Application, Deployment
from ray.serve.config import BackpressureConfig, RequestRouterConfig

from deployments.autoscaling.wiring import autoscaling_config
from deployments.config import AppArgs, EngineArgs, IngressArgs, LimitArgs, ReplicaArgs
from deployments.http.gpt_sovits.weights import configured_weights
from deployments.http.voices.opening import stored_voices
from deployments.ingress import Ingress
from deployments.session_keeper import SessionKeeperDeployment
from deployments.transport import ENGINE_ENV, REPLICA_ENV
from deployments.tts_server import TTSServer

# The default backs off up to 500 ms, which a listener hears as silence when a slot becomes free.
ROUTER = RequestRouterConfig.model_validate(
    {
        "request_router_class": "deployments.living_router.LivingRouter",
        "initial_backoff_s": 0.005,
        "backoff_multiplier": 1,
        "max_backoff_s": 0.005,
    }
)

# The engine refuses what exceeds its slots, at once and with a time to come back; Serve would let it wait.
# The room above its streams is for those refusals, and for questions about health while all slots are taken.
REFUSAL_ROOM = 64


def build(args: AppArgs) -> Application:
    """Return the application: an ingress in front of one deployment for each engine."""
    handles: dict[str, Application] = {}
    for engine in args.engines:
        bound = _engine_deployment(engine, args.ingress.limits).bind(engine)
        handles |= dict.fromkeys(engine.model_names, bound)
    return _ingress_deployment(args.ingress).bind(
        args.ingress,
        handles,
        _multiplexed(args),
        stored_voices(args),
        configured_weights(args),
        _keeper(args),
        may_sleep=_may_sleep(args),
    )


def _keeper(args: AppArgs) -> Application | None:
    """One ingress keeps what clients choose itself; several ask another one, so that they agree."""
    return SessionKeeperDeployment.bind() if args.ingress.num_replicas > 1 else None


def _engine_deployment(engine: EngineArgs, limits: LimitArgs) -> Deployment:
    replica = engine.replica
    return serve.deployment(
        name=f"TTSServer-{engine.name}",
        max_ongoing_requests=engine.most_streams * engine.max_loaded_models + REFUSAL_ROOM,
        max_queued_requests=replica.max_queued_requests,
        backpressure_config=BackpressureConfig(status_code=429, retry_after_s=replica.retry_after_s),
        autoscaling_config=autoscaling_config(replica.autoscaling),
        request_router_config=ROUTER,
        graceful_shutdown_timeout_s=replica.graceful_shutdown_timeout_s or limits.longest_playback_s,
        # After three failures in a row Serve replaces it: one that hangs after twenty seconds or so.
        health_check_period_s=2.0,
        health_check_timeout_s=5.0,
        ray_actor_options={**resources(replica), "runtime_env": {"env_vars": ENGINE_ENV}},
        max_surge_percent=100,
    )(TTSServer)


def _multiplexed(args: AppArgs) -> frozenset[str]:
    """Return the models of deployments that hold several, whose requests say which one they are for."""
    return frozenset(
        model for engine in args.engines if len(engine.model_names) > 1 for model in engine.model_names
    )


def _may_sleep(args: AppArgs) -> frozenset[str]:
    """Return the models of deployments that may have no replicas while nobody listens."""
    return frozenset(
        model
        for engine in args.engines
        if engine.replica.autoscaling.min_replicas == 0
        for model in engine.model_names
    )


def _ingress_deployment(args: IngressArgs) -> Deployment:
    return serve.deployment(
        name="Ingress",
        num_replicas=args.num_replicas,
        max_ongoing_requests=args.max_ongoing_requests,
        max_queued_requests=args.max_queued_requests,
        backpressure_config=BackpressureConfig(status_code=429, retry_after_s=args.retry_after_s),
        graceful_shutdown_timeout_s=args.graceful_shutdown_timeout_s or args.limits.longest_playback_s,
        ray_actor_options={"num_cpus": args.cpus, "runtime_env": {"env_vars": REPLICA_ENV}},
        max_surge_percent=100,
    )(Ingress)


def resources(replica: ReplicaArgs) -> dict[str, float]:
    """Return what a replica asks of Ray: a fraction of a GPU, or CPUs."""
    device = replica.device
    if device == "auto":
        device = "gpu" if _cluster_has_gpu() else "cpu"
    if device == "gpu":
        return {"num_cpus": replica.cpus, "num_gpus": replica.gpus}
    return {"num_cpus": replica.cpus}


def _cluster_has_gpu() -> bool:
    # `serve run module:build` builds before it connects; there is no cluster to ask then.
    resources_of_cluster: Any = ray.cluster_resources
    return ray.is_initialized() and resources_of_cluster().get("GPU", 0) > 0
