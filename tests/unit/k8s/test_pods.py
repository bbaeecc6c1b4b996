"""Pods run as nobody in particular, keep no secrets, are watched, and let streams end."""

from __future__ import annotations

import itertools
import re

import pytest

from tests.unit.k8s.manifests import (
    K8S,
    OVERLAYS,
    ROOT,
    Manifest,
    container,
    documents,
    of_kind,
    overlay,
    pod_specs,
    ray_service,
    templates,
    workers,
)
from tts_core import __version__

FOLDERS = [*(K8S / "overlays" / name for name in OVERLAYS), K8S / "toolbox"]
EVERY_POD = [pod for folder in FOLDERS for pod in pod_specs(documents(folder))]
SENSITIVE = re.compile(r"password|token|secret|key$", re.IGNORECASE)


def weaknesses(pod: Manifest) -> list[str]:
    """Return what keeps a pod out of a namespace that enforces the `restricted` standard."""
    security = pod.get("securityContext", {})
    found = [] if security.get("runAsNonRoot") and security.get("runAsUser", 0) > 0 else ["runs as root"]
    if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        found.append("no seccomp profile")
    for one in pod["containers"]:
        context = one.get("securityContext", {})
        if context.get("allowPrivilegeEscalation") is not False:
            found.append(f"{one['name']} may gain privileges")
        if context.get("capabilities") != {"drop": ["ALL"]}:
            found.append(f"{one['name']} keeps capabilities")
        if not context.get("readOnlyRootFilesystem"):
            found.append(f"{one['name']} may change its image")
    return found


@pytest.mark.parametrize(("name", "pod"), EVERY_POD, ids=[name for name, _ in EVERY_POD])
def test_a_pod_meets_the_restricted_standard(name: str, pod: Manifest) -> None:
    assert weaknesses(pod) == []


def test_weaknesses_are_found() -> None:
    assert len(weaknesses({"containers": [{"name": "ray"}]})) == 5


def test_the_namespace_enforces_it() -> None:
    for name in OVERLAYS:
        [namespace] = of_kind("Namespace", overlay(name))
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize(("name", "pod"), EVERY_POD, ids=[name for name, _ in EVERY_POD])
def test_images_are_pinned_and_resources_stated(name: str, pod: Manifest) -> None:
    for one in pod["containers"]:
        image, _, tag = one["image"].partition(":")
        assert tag not in ("", "latest")
        assert image != "polyvox" or tag.startswith(f"{__version__}-")
        assert one["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert one["resources"]["limits"]["memory"] == one["resources"]["requests"]["memory"]  # never evicted


def secrets_in(manifest: object, key: str = "") -> list[str]:
    """Return the keys whose names promise a secret and whose values are text rather than a reference."""
    if isinstance(manifest, dict):
        entry = str(manifest["name"]) if "name" in manifest and "value" in manifest else ""
        parts = [
            secrets_in(value, entry if name == "value" else str(name)) for name, value in manifest.items()
        ]
        return list(itertools.chain.from_iterable(parts))
    if isinstance(manifest, list):
        return list(itertools.chain.from_iterable(secrets_in(item, key) for item in manifest))
    return [key] if isinstance(manifest, str) and SENSITIVE.search(key) else []


def test_no_file_holds_a_secret() -> None:
    # The name of a Secret's entry, in a reference to it.
    allowed = {"key", "topologyKey"}
    for folder in FOLDERS:
        manifests = documents(folder)
        assert set(secrets_in(manifests)) <= allowed
        assert not of_kind("Secret", manifests)


def test_a_secret_would_be_found() -> None:
    assert secrets_in({"env": [{"name": "REDIS_PASSWORD", "value": "hunter2"}]}) == ["REDIS_PASSWORD"]
    assert secrets_in({"redisPassword": "hunter2"}) == ["redisPassword"]


@pytest.mark.parametrize("name", OVERLAYS)
def test_ray_asks_for_a_token(name: str) -> None:
    assert ray_service(name)["spec"]["rayClusterConfig"]["authOptions"] == {"mode": "token"}


@pytest.mark.parametrize("name", OVERLAYS)
def test_workers_are_ready_when_their_proxy_is_and_drain_before_they_stop(name: str) -> None:
    service = ray_service(name)
    for template in workers(service).values():
        assert container(template)["readinessProbe"]["httpGet"] == {"path": "/-/healthz", "port": "serve"}
        assert container(template)["lifecycle"]["preStop"]["exec"]["command"][0] == "polyvox-drain"
        assert template["spec"]["automountServiceAccountToken"] is False
    for template in templates(service).values():
        ports = {port["name"] for port in container(template)["ports"]}
        probes = [
            container(template)[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")
        ]
        assert ports >= set(probes)


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_pod_can_write_where_ray_writes(name: str) -> None:
    for template in templates(ray_service(name)).values():
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container(template)["volumeMounts"]}
        assert mounts["/dev/shm"]["emptyDir"]["medium"] == "Memory"
        assert "emptyDir" in mounts["/tmp"]
        assert "emptyDir" in mounts["/home/polyvox"]
        store = int(_start_params(template, name)["object-store-memory"])
        assert store <= _bytes(mounts["/dev/shm"]["emptyDir"]["sizeLimit"])


def _start_params(template: Manifest, name: str) -> dict[str, str]:
    cluster = ray_service(name)["spec"]["rayClusterConfig"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    found: dict[str, str] = next(one["rayStartParams"] for one in groups if one["template"] == template)
    return found


def _bytes(quantity: str) -> int:
    factors = {"Mi": 2**20, "Gi": 2**30}
    return int(quantity[:-2]) * factors[quantity[-2:]]


def test_weights_and_voices_are_mounted_read_only() -> None:
    mounts = {
        mount["name"]: mount for mount in container(templates(ray_service("gpu"))["gpu"])["volumeMounts"]
    }
    assert mounts["weights"]["readOnly"]
    assert mounts["voices"]["readOnly"]


def test_only_pods_with_a_gpu_take_the_image_for_it() -> None:
    for template in templates(ray_service("gpu")).values():
        has_gpu = "nvidia.com/gpu" in container(template)["resources"]["limits"]
        assert container(template)["image"].endswith("-cuda" if has_gpu else "-cpu")


def test_the_version_of_ray_is_that_of_the_image() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    [version] = re.findall(r"^ARG RAY_VERSION=(\S+)$", dockerfile, re.MULTILINE)
    for name in OVERLAYS:
        assert ray_service(name)["spec"]["rayClusterConfig"]["rayVersion"] == version


def test_folders_are_all_there_is() -> None:
    """No overlay goes unchecked."""
    assert {path.parent for path in K8S.rglob("kustomization.yaml")} == {*FOLDERS, K8S / "base"}
