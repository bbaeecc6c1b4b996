"""What surrounds the RayService: who may reach it, what a drain may take, how kustomize composes it."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.unit.k8s.manifests import (
    K8S,
    OVERLAYS,
    Manifest,
    container,
    documents,
    kustomization,
    of_kind,
    overlay,
    ray_service,
    templates,
    workers,
)
from tests.unit.k8s.schemas import OWN, findings

TOOLS = [["kubectl", "kustomize"], ["kustomize", "build"]]
TOOL = next((tool for tool in TOOLS if shutil.which(tool[0])), None)


def labels(service: Manifest) -> dict[str, dict[str, str]]:
    return {name: template["metadata"]["labels"] for name, template in templates(service).items()}


def selects(selector: Manifest, pod: dict[str, str]) -> bool:
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= pod.items()


@pytest.mark.parametrize("name", OVERLAYS)
def test_nobody_reaches_ray_but_its_own(name: str) -> None:
    policies = of_kind("NetworkPolicy", overlay(name))
    for group, pod in labels(ray_service(name)).items():
        mine = [policy["spec"] for policy in policies if selects(policy["spec"]["podSelector"], pod)]
        open_to_all = [
            port["port"]
            for spec in mine
            for rule in spec["ingress"]
            if "from" not in rule
            for port in rule["ports"]
        ]
        assert mine
        assert open_to_all == ([] if group == "head" else [8000])


def test_redis_answers_ray_alone() -> None:
    manifests = overlay("gpu")
    [redis] = of_kind("StatefulSet", manifests)
    pod = redis["spec"]["template"]["metadata"]["labels"]
    policies = [p["spec"] for p in of_kind("NetworkPolicy", manifests)]
    [policy] = [spec for spec in policies if selects(spec["podSelector"], pod)]
    [rule] = policy["ingress"]
    [source] = rule["from"]
    assert all(selects(source["podSelector"], one) for one in labels(ray_service("gpu")).values())
    assert not selects(source["podSelector"], {"app": "somebody-else"})


def test_ray_finds_its_redis() -> None:
    manifests = overlay("gpu")
    options = ray_service("gpu")["spec"]["rayClusterConfig"]["gcsFaultToleranceOptions"]
    [redis] = [one for one in of_kind("Service", manifests) if one["metadata"]["name"] == "polyvox-redis"]
    assert options["redisAddress"] == f"{redis['metadata']['name']}:{redis['spec']['ports'][0]['port']}"
    [server] = of_kind("StatefulSet", manifests)
    [password] = server["spec"]["template"]["spec"]["containers"][0]["env"]
    assert password["valueFrom"] == options["redisPassword"]["valueFrom"]


def test_budgets_count_workers_in_the_only_way_that_works() -> None:
    """Pods without a controller of a known kind: a whole `minAvailable`, or drains are refused for ever."""
    service = ray_service("gpu")
    pods = labels(service)
    budgets = [budget["spec"] for budget in of_kind("PodDisruptionBudget", overlay("gpu"))]
    for group in service["spec"]["rayClusterConfig"]["workerGroupSpecs"]:
        name = group["groupName"]
        [budget] = [spec for spec in budgets if selects(spec["selector"], pods[name])]
        assert budget.keys() == {"minAvailable", "selector"}
        assert 0 < budget["minAvailable"] < group["minReplicas"]
    assert not any(selects(spec["selector"], pods["head"]) for spec in budgets)


def test_workers_of_a_kind_spread_over_nodes() -> None:
    for name, template in workers(ray_service("gpu")).items():
        [spread] = template["spec"]["topologySpreadConstraints"]
        assert selects(spread["labelSelector"], template["metadata"]["labels"]), name


def test_the_ingress_is_never_resized() -> None:
    groups = ray_service("gpu")["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    [ingress] = [group for group in groups if group["groupName"] == "ingress"]
    assert ingress["replicas"] == ingress["minReplicas"] == ingress["maxReplicas"]
    for group in groups:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


@cache
def composed(folder: Path) -> list[Manifest]:
    assert TOOL is not None
    done = subprocess.run([*TOOL, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


needs_kustomize = pytest.mark.skipif(TOOL is None, reason="neither kubectl nor kustomize is on PATH")
FOLDERS = [*(K8S / "overlays" / name for name in OVERLAYS), K8S / "toolbox"]


@needs_kustomize
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_kustomize_puts_all_of_it_together(folder: Path) -> None:
    made = {(one["kind"], one["metadata"]["name"]) for one in composed(folder)}
    assert made == {(one["kind"], one["metadata"]["name"]) for one in documents(folder)}
    places = {one["metadata"].get("namespace") for one in composed(folder) if one["kind"] != "Namespace"}
    assert places == {"polyvox"}


@needs_kustomize
@pytest.mark.parametrize("name", OVERLAYS)
def test_what_kustomize_makes_is_as_valid_as_the_file(name: str) -> None:
    [service] = of_kind("RayService", composed(K8S / "overlays" / name))
    assert findings(OWN, service) == []
    assert service["spec"] == ray_service(name)["spec"]


@needs_kustomize
def test_a_registry_of_your_own_reaches_every_pod(tmp_path: Path) -> None:
    shutil.copytree(K8S, tmp_path / "k8s")
    folder = tmp_path / "k8s" / "overlays" / "gpu"
    settings = kustomization(folder)
    settings["images"][0]["newName"] = "registry.example.org/voices/polyvox"
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(settings))
    [service] = of_kind("RayService", composed(folder))
    images = {container(template)["image"] for template in templates(service).values()}
    assert {image.rpartition(":")[0] for image in images} == {"registry.example.org/voices/polyvox"}
