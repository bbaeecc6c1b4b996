"""The manifests, read file by file, without kustomize."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
K8S = ROOT / "k8s"
OVERLAYS = ("gpu", "cpu")

# A manifest is whatever YAML makes of it.
Manifest = dict[str, Any]


def documents(folder: Path) -> list[Manifest]:
    """Return what a folder's kustomization names as its resources, and what those folders name."""
    found: list[Manifest] = []
    for resource in kustomization(folder)["resources"]:
        path = folder / resource
        found += documents(path) if path.is_dir() else list(yaml.safe_load_all(path.read_text()))
    return found


def kustomization(folder: Path) -> Manifest:
    loaded: Manifest = yaml.safe_load((folder / "kustomization.yaml").read_text())
    return loaded


def of_kind(kind: str, manifests: list[Manifest]) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def overlay(name: str) -> list[Manifest]:
    return documents(K8S / "overlays" / name)


def ray_service(name: str) -> Manifest:
    """Return a copy of an overlay's RayService, to look at or to spoil."""
    [service] = of_kind("RayService", overlay(name))
    return service


def templates(service: Manifest) -> dict[str, Manifest]:
    """Return the pod templates of a RayService: `head`, and the worker groups by their names."""
    cluster = service["spec"]["rayClusterConfig"]
    workers = {group["groupName"]: group["template"] for group in cluster["workerGroupSpecs"]}
    return {"head": cluster["headGroupSpec"]["template"], **workers}


def workers(service: Manifest) -> dict[str, Manifest]:
    return {name: template for name, template in templates(service).items() if name != "head"}


def container(template: Manifest) -> Manifest:
    """Return the container that Ray runs in: the first one."""
    found: Manifest = template["spec"]["containers"][0]
    return found


def environment(template: Manifest) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container(template)["env"]}


def pod_specs(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield every pod that the manifests make, with a name for it."""
    for manifest in manifests:
        name = f"{manifest['kind']} {manifest['metadata']['name']}"
        if manifest["kind"] == "RayService":
            for group, template in templates(manifest).items():
                yield f"{name} {group}", template["spec"]
        elif manifest["kind"] == "Pod":
            yield name, manifest["spec"]
        elif "template" in manifest.get("spec", {}):
            yield name, manifest["spec"]["template"]["spec"]
