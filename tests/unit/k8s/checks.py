"""What no schema can say: whether the parts of an overlay fit each other. A check yields what it found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deployments.app import resources
from deployments.config import AppArgs
from deployments.config_file import load_config
from deployments.http.voices.opening import stored_voices, takes_uploads
from deployments.session_keeper import SessionKeeperDeployment
from tests.unit.k8s.manifests import Manifest, container, environment, of_kind, pod_specs, workers

KEEPER = SessionKeeperDeployment.name
"""Keeps what clients have chosen, for several ingresses. No stream passes through it."""
HARD_STOP = "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S"


@dataclass(frozen=True)
class Demand:
    """What the replicas of a deployment ask of Ray.

    Attributes:
        each: resources of one replica, by Ray's names.
        max_replicas: how many there may be, updates aside.
    """

    deployment: str
    each: dict[str, float]
    max_replicas: int


@dataclass(frozen=True)
class Group:
    """A worker group: what one of its pods has, by Ray's names, and how many pods there may be."""

    name: str
    each: dict[str, float]
    max_pods: int

    def holds(self, demand: dict[str, float]) -> bool:
        """Whether an empty pod has room for a replica with this demand."""
        return _has_room(self.each, demand)


def app_args(service: Manifest, folder: Path) -> AppArgs:
    """Return the arguments in `serveConfigV2`, checked against Serve's schema and ours.

    Raises:
        InvalidConfig: what is wrong with it.
    """
    path = folder / "serve_config.yaml"
    path.write_text(service["spec"]["serveConfigV2"])
    return load_config(path).apps["polyvox"]


def serve_config(service: Manifest) -> Any:
    return yaml.safe_load(service["spec"]["serveConfigV2"])


def capacity(service: Manifest, args: AppArgs) -> Iterator[str]:
    """Yield replicas that have no room beside all others, of each deployment's most and one to update."""
    pods = [dict(group.each) for group in groups(service) for _ in range(group.max_pods)]
    # Whoever has the least choice first.
    wanted = sorted(demands(service, args), key=lambda one: sum(_has_room(pod, one.each) for pod in pods))
    for demand in wanted:
        for number in range(demand.max_replicas + 1):
            pod = next((pod for pod in pods if _has_room(pod, demand.each)), None)
            if pod is None:
                most = demand.max_replicas
                yield f"{demand.deployment}: {most} replicas and one to update, {number} places"
                break
            for name, amount in demand.each.items():
                pod[name] -= amount


def _has_room(pod: dict[str, float], demand: dict[str, float]) -> bool:
    return all(pod.get(name, 0.0) + 1e-9 >= amount for name, amount in demand.items())


def groups(service: Manifest) -> list[Group]:
    return [_group(spec) for spec in service["spec"]["rayClusterConfig"]["workerGroupSpecs"]]


def demands(service: Manifest, args: AppArgs) -> Iterator[Demand]:
    """Yield what the application asks of Ray, as `deployments:` in the configuration changes it."""
    overrides = {entry["name"]: entry for entry in _deployments(service)}
    ingress = overrides.pop("Ingress", {}).get("ray_actor_options", {"num_cpus": args.ingress.cpus})
    yield Demand("Ingress", _by_ray_names(ingress), args.ingress.num_replicas)
    for engine in args.engines:
        name = f"TTSServer-{engine.name}"
        options = overrides.pop(name, {}).get("ray_actor_options", resources(engine.replica))
        yield Demand(name, _by_ray_names(options), engine.replica.autoscaling.max_replicas)
    if args.ingress.num_replicas > 1:
        keeper = SessionKeeperDeployment.ray_actor_options or {}
        yield Demand(KEEPER, _by_ray_names(overrides.pop(KEEPER, {}).get("ray_actor_options", keeper)), 1)
    if overrides:
        raise LookupError(f"the application has no deployment {', '.join(overrides)}")


def _deployments(service: Manifest) -> list[Manifest]:
    found: list[Manifest] = serve_config(service)["applications"][0].get("deployments", [])
    return found


def _by_ray_names(options: dict[str, Any]) -> dict[str, float]:
    named = {"CPU": options.get("num_cpus", 0), "GPU": options.get("num_gpus", 0)}
    return {name: amount for name, amount in (named | options.get("resources", {})).items() if amount}


def _group(spec: Manifest) -> Group:
    limits = container(spec["template"])["resources"]["limits"]
    # KubeRay hands this to a shell, inside quotes of its own.
    custom = json.loads(json.loads(spec["rayStartParams"].get("resources", '"{}"')))
    each = {"CPU": cores(limits["cpu"]), "GPU": float(limits.get("nvidia.com/gpu", 0)), **custom}
    return Group(spec["groupName"], each, spec["maxReplicas"])


def cores(quantity: str) -> float:
    """Return a Kubernetes quantity of CPUs as a number: `2`, or `500m`."""
    return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def volumes(manifests: list[Manifest]) -> Iterator[str]:
    """Yield mounts without a volume, volumes without a mount, and claims that nobody makes."""
    claims = {claim["metadata"]["name"] for claim in of_kind("PersistentVolumeClaim", manifests)}
    for manifest in of_kind("StatefulSet", manifests):
        claims |= {claim["metadata"]["name"] for claim in manifest["spec"].get("volumeClaimTemplates", [])}
    for name, pod in pod_specs(manifests):
        declared = {volume["name"]: volume for volume in pod.get("volumes", [])}
        mounted = {mount["name"] for one in pod["containers"] for mount in one.get("volumeMounts", [])}
        yield from (f"{name}: nothing to mount as {mount}" for mount in mounted - declared.keys() - claims)
        yield from (f"{name}: nobody mounts {volume}" for volume in declared.keys() - mounted)
        used = {volume["persistentVolumeClaim"]["claimName"] for volume in _claiming(declared)}
        yield from (f"{name}: there is no claim {claim}" for claim in used - claims)


def _claiming(declared: dict[str, Manifest]) -> list[Manifest]:
    return [volume for volume in declared.values() if "persistentVolumeClaim" in volume]


def paths(service: Manifest, args: AppArgs) -> Iterator[str]:
    """Yield paths in the arguments that a pod which may hold the deployment lacks, or can't write to."""
    placed = {demand.deployment: demand.each for demand in demands(service, args)}
    for deployment, read, written in _used(args):
        for name in (group.name for group in groups(service) if group.holds(placed[deployment])):
            mounts = {one["mountPath"]: one for one in container(workers(service)[name])["volumeMounts"]}
            missing = [path for path in read if path not in mounts]
            yield from (f"{deployment} on {name}: {path} isn't mounted" for path in missing)
            for path in written:
                mount = next((mount for at, mount in mounts.items() if path.startswith(at)), None)
                if mount is None or mount.get("readOnly"):
                    yield f"{deployment} on {name}: {path} can't be written to"


def _used(args: AppArgs) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield deployments, with the paths that each reads, and those that it writes to."""
    for engine in args.engines:
        if engine.kind == "gpt_sovits":
            read = [engine.voices, *(model.weights for model in engine.models.values())]
            yield f"TTSServer-{engine.name}", read, [engine.prompt_cache]
    stored = stored_voices(args)
    if stored is not None:  # it says whose voices are whose, whether or not it takes any
        yield "Ingress", [stored.url], [stored.url] if takes_uploads(args.ingress) else []


def times(service: Manifest, args: AppArgs) -> Iterator[str]:
    """Yield each limit in time that would cut a stream which the one inside it still allows."""
    longest_s = args.ingress.limits.longest_playback_s
    graces = list(grace_s(args).values())
    if min(graces) < longest_s:
        yield f"replicas stop after {graces}, streams last up to {longest_s}"
    deletion_s = service["spec"]["rayClusterDeletionDelaySeconds"]
    for name, template in workers(service).items():
        command = container(template)["lifecycle"]["preStop"]["exec"]["command"]
        drain_s, hard_stop_s = float(command[1]), float(environment(template)[HARD_STOP])
        pod_s = template["spec"]["terminationGracePeriodSeconds"]
        rising = [max(graces), drain_s, hard_stop_s, pod_s, deletion_s]
        if rising != sorted(set(rising)):
            yield f"{name}: replica, drain, HAProxy, pod, cluster: one ends before the one inside: {rising}"


def grace_s(args: AppArgs) -> dict[str, float]:
    """Return how long the replicas of each deployment wait for their streams."""
    longest_s = args.ingress.limits.longest_playback_s
    engines = {f"TTSServer-{one.name}": one.replica.graceful_shutdown_timeout_s for one in args.engines}
    stated = {"Ingress": args.ingress.graceful_shutdown_timeout_s, **engines}
    return {name: seconds or longest_s for name, seconds in stated.items()}
