"""`serveConfigV2` is valid for Serve and for us, and what it asks for exists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from deployments.transport import REPLICA_ENV
from polyvox.commands.serve import DEFAULTS
from tests.support.server import CONFIG
from tests.unit.k8s import checks
from tests.unit.k8s.manifests import (
    OVERLAYS,
    Manifest,
    container,
    environment,
    overlay,
    ray_service,
    templates,
    workers,
)
from tts_core.errors import InvalidConfig


def group(service: Manifest, name: str) -> Manifest:
    groups = service["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    found: Manifest = next(one for one in groups if one["groupName"] == name)
    return found


def config_with(service: Manifest, right: str, wrong: str) -> None:
    good = service["spec"]["serveConfigV2"]
    service["spec"]["serveConfigV2"] = good.replace(right, wrong)
    assert service["spec"]["serveConfigV2"] != good


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_is_sound(name: str, tmp_path: Path) -> None:
    service = ray_service(name)
    args = checks.app_args(service, tmp_path)
    assert not list(checks.capacity(service, args))
    assert not list(checks.volumes(overlay(name)))
    assert not list(checks.paths(service, args))
    assert not list(checks.times(service, args))


@pytest.mark.parametrize("name", OVERLAYS)
def test_serve_listens_where_pods_and_probes_look_for_it(name: str) -> None:
    service = ray_service(name)
    config = checks.serve_config(service)
    assert config["http_options"] == {"host": "0.0.0.0", "port": 8000}
    assert config["proxy_location"] == "EveryNode"
    for template in workers(service).values():
        assert {"name": "serve", "containerPort": 8000} in container(template)["ports"]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("num_slots:", "num_slot:", "did you mean num_slots"),
        ("max_replicas: 6", "max_replicas: six", "max_replicas is wrong"),
        ("proxy_location:", "proxy_locations:", "did you mean proxy_location"),
        ("- name: Ingress\n", "- name: Ingress\n        num_replica: 2\n", "did you mean num_replicas"),
        ("tts-1: gpt-sovits", "tts-1: gpt-sovit", "names 'gpt-sovit'"),
        ("version: v2,", "version: v22,", "version is wrong"),
        ("gpus: 0.5", "gpus: 1.5", "gpus is wrong"),
    ],
)
def test_a_mistake_in_it_is_named(right: str, wrong: str, said: str, tmp_path: Path) -> None:
    service = ray_service("gpu")
    config_with(service, right, wrong)
    with pytest.raises(InvalidConfig, match=said):
        checks.app_args(service, tmp_path)


def take_the_gpu(service: Manifest) -> None:
    del container(group(service, "gpu")["template"])["resources"]["limits"]["nvidia.com/gpu"]


def allow_fewer_pods(service: Manifest) -> None:
    group(service, "gpu")["maxReplicas"] = 3


def ask_for_too_many_cpus(service: Manifest) -> None:
    config_with(service, "cpus: 2\n", "cpus: 5\n")


def ask_for_more_replicas(service: Manifest) -> None:
    config_with(service, "max_replicas: 6", "max_replicas: 8")


def leave_the_keeper_no_room(service: Manifest) -> None:
    """Each deployment alone still fits, and both ingresses of an update do."""
    config_with(service, "resources: {ingress: 0.45}", "resources: {ingress: 0.5}")
    config_with(service, "resources: {ingress: 0.05}", "resources: {ingress: 0.6}")


def name_another_resource(service: Manifest) -> None:
    config_with(service, "{ingress: 0.45}", "{ingres: 0.45}")


@pytest.mark.parametrize(
    "spoil",
    [
        take_the_gpu,
        allow_fewer_pods,
        ask_for_too_many_cpus,
        ask_for_more_replicas,
        leave_the_keeper_no_room,
        name_another_resource,
    ],
)
def test_replicas_without_a_place_are_found(spoil: Callable[[Manifest], None], tmp_path: Path) -> None:
    service = ray_service("gpu")
    spoil(service)
    assert list(checks.capacity(service, checks.app_args(service, tmp_path)))


def test_a_deployment_that_the_application_lacks_is_found(tmp_path: Path) -> None:
    service = ray_service("gpu")
    config_with(service, "- name: Ingress", "- name: Ingres")
    with pytest.raises(LookupError, match="Ingres"):
        list(checks.capacity(service, checks.app_args(service, tmp_path)))


def test_the_application_is_what_the_checks_reckon_with(tmp_path: Path) -> None:
    """Its deployments have the names, and wait as long, as the checks believe."""
    from ray.serve._private.build_app import build_app

    from deployments.app import build

    service = ray_service("gpu")
    args = checks.app_args(service, tmp_path)
    built = build_app(build(args), name="polyvox", make_deployment_handle=lambda *_: None)  # type: ignore[arg-type]
    waits = {one.name: one._deployment_config.graceful_shutdown_timeout_s for one in built.deployments}
    assert {name: wait for name, wait in waits.items() if name != checks.KEEPER} == checks.grace_s(args)
    assert waits.keys() == {demand.deployment for demand in checks.demands(service, args)}


def test_the_ingress_keeps_its_environment() -> None:
    """What is stated for a deployment takes the place of what the application asks for, all of it."""
    entries = checks.serve_config(ray_service("gpu"))["applications"][0]["deployments"]
    [stated] = [one["ray_actor_options"] for one in entries if one["name"] == "Ingress"]
    throughput_mode = {"RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD", "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP"}
    asked = {name: value for name, value in REPLICA_ENV.items() if name not in throughput_mode}
    assert stated["runtime_env"]["env_vars"] == asked


def test_missing_claims_and_mounts_are_found() -> None:
    manifests = [one for one in overlay("gpu") if one["metadata"]["name"] != "polyvox-weights"]
    assert any("there is no claim polyvox-weights" in finding for finding in checks.volumes(manifests))

    service = ray_service("gpu")
    container(group(service, "gpu")["template"])["volumeMounts"][-1]["name"] = "voice"
    found = list(checks.volumes([*manifests, service]))
    assert any("nothing to mount as voice" in finding for finding in found)
    assert any("nobody mounts voices" in finding for finding in found)


def test_paths_that_are_not_mounted_are_found(tmp_path: Path) -> None:
    service = ray_service("gpu")
    config_with(service, "weights: /weights", "weights: /weight")
    config_with(service, "prompt_cache: /cache/prompts", "prompt_cache: /voices/prompts")
    found = list(checks.paths(service, checks.app_args(service, tmp_path)))
    engine = "TTSServer-gpt-sovits on gpu"
    assert found == [f"{engine}: /weight isn't mounted", f"{engine}: /voices/prompts can't be written to"]


def test_an_ingress_without_the_voices_is_found(tmp_path: Path) -> None:
    """It would take cloned voices for built-in ones."""
    service = ray_service("gpu")
    container(group(service, "ingress")["template"])["volumeMounts"].pop()
    found = list(checks.paths(service, checks.app_args(service, tmp_path)))
    assert found == ["Ingress on ingress: /voices isn't mounted"]


def test_a_store_that_uploads_cant_be_written_to_is_found(tmp_path: Path) -> None:
    service = ray_service("gpu")
    config_with(service, "uploads: false", "uploads: true")
    found = list(checks.paths(service, checks.app_args(service, tmp_path)))
    assert found == ["Ingress on ingress: /voices can't be written to"]


def shorten_the_pod(service: Manifest) -> None:
    group(service, "gpu")["template"]["spec"]["terminationGracePeriodSeconds"] = 30


def shorten_the_drain(service: Manifest) -> None:
    container(group(service, "ingress")["template"])["lifecycle"]["preStop"]["exec"]["command"][1] = "60"


def shorten_the_cluster(service: Manifest) -> None:
    service["spec"]["rayClusterDeletionDelaySeconds"] = 60


def shorten_haproxy(service: Manifest) -> None:
    entries = container(group(service, "gpu")["template"])["env"]
    next(entry for entry in entries if entry["name"] == checks.HARD_STOP)["value"] = "1000"


@pytest.mark.parametrize("spoil", [shorten_the_pod, shorten_the_drain, shorten_the_cluster, shorten_haproxy])
def test_times_that_cut_streams_are_found(spoil: Callable[[Manifest], None], tmp_path: Path) -> None:
    service = ray_service("gpu")
    spoil(service)
    assert list(checks.times(service, checks.app_args(service, tmp_path)))


def test_replicas_that_leave_their_listeners_are_found(tmp_path: Path) -> None:
    service = ray_service("gpu")
    config_with(service, "num_replicas: 2\n", "num_replicas: 2\n        graceful_shutdown_timeout_s: 20\n")
    found = list(checks.times(service, checks.app_args(service, tmp_path)))
    assert any("replicas stop after [20.0, 1920.0]" in finding for finding in found)


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_node_runs_serve_in_the_same_way(name: str) -> None:
    environments = [environment(template) for template in templates(ray_service(name)).values()]
    assert all(one == environments[0] for one in environments)
    assert environments[0]["RAY_SERVE_THROUGHPUT_OPTIMIZED"] == "1"
    assert environments[0]["RAY_SERVE_ENABLE_HA_PROXY"] == "1"
    assert environments[0].items() >= DEFAULTS.items()  # as a single machine has it


@pytest.mark.parametrize("name", OVERLAYS)
def test_clients_find_the_names_that_they_insist_on(name: str) -> None:
    """As on a single machine; whose the voices are, nobody knows for GPT-SoVITS."""
    [mine, there] = [
        yaml.safe_load(config)["applications"][0]["args"]["ingress"]
        for config in (ray_service(name)["spec"]["serveConfigV2"], CONFIG.read_text(encoding="utf-8"))
    ]
    assert mine["model_aliases"].keys() == there["model_aliases"].keys()
    assert mine.get("voice_aliases") in (there["voice_aliases"], None)
