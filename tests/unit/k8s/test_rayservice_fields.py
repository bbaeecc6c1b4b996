"""Every field of a RayService is one that KubeRay knows, of the right type.

`POLYVOX_KUBERAY_CRD` may name KubeRay's own definition, `ray.io_rayservices.yaml` from its repository's
`ray-operator/config/crd/bases`; then the manifests, and the mistakes, are held against the whole of it too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.k8s.manifests import OVERLAYS, Manifest, container, ray_service, templates
from tests.unit.k8s.schemas import OWN, Schema, closed, findings, read_crd

CRD = "POLYVOX_KUBERAY_CRD"

needs_crd = pytest.mark.skipif(
    CRD not in os.environ, reason=f"{CRD} doesn't say where KubeRay's ray.io_rayservices.yaml is"
)


@pytest.fixture(scope="module")
def crd() -> Schema:
    return read_crd(Path(os.environ[CRD]))


@pytest.mark.parametrize("name", OVERLAYS)
def test_fields_are_known(name: str) -> None:
    assert findings(OWN, ray_service(name)) == []


@needs_crd
@pytest.mark.parametrize("name", OVERLAYS)
def test_fields_are_those_of_the_definition(name: str, crd: Schema) -> None:
    assert findings(crd, ray_service(name)) == []


def unknown_field(service: Manifest) -> str:
    service["spec"]["rayClusterConfig"]["enableInTreeAutoscaler"] = True
    return "enableInTreeAutoscaler"


def unknown_field_deep_in_a_pod(service: Manifest) -> str:
    container(templates(service)["gpu"])["readinesProbe"] = {}
    return "readinesProbe"


def field_in_the_wrong_place(service: Manifest) -> str:
    service["spec"]["headGroupSpec"] = service["spec"]["rayClusterConfig"].pop("headGroupSpec")
    return "headGroupSpec"


def text_for_a_number(service: Manifest) -> str:
    service["spec"]["rayClusterConfig"]["workerGroupSpecs"][1]["maxReplicas"] = "four"
    return "maxReplicas"


def number_for_text(service: Manifest) -> str:
    container(templates(service)["head"])["env"][0]["value"] = 1
    return "env.0.value"


def number_for_a_start_parameter(service: Manifest) -> str:
    service["spec"]["rayClusterConfig"]["headGroupSpec"]["rayStartParams"]["num-cpus"] = 0
    return "num-cpus"


def group_without_a_name(service: Manifest) -> str:
    del service["spec"]["rayClusterConfig"]["workerGroupSpecs"][0]["groupName"]
    return "groupName"


def secret_in_the_clear(service: Manifest) -> str:
    service["spec"]["rayClusterConfig"]["gcsFaultToleranceOptions"]["redisPassword"] = "hunter2"
    return "redisPassword"


SPOILERS = [
    unknown_field,
    unknown_field_deep_in_a_pod,
    field_in_the_wrong_place,
    text_for_a_number,
    number_for_text,
    number_for_a_start_parameter,
    group_without_a_name,
    secret_in_the_clear,
]


@pytest.mark.parametrize("spoil", SPOILERS)
def test_a_mistake_is_found(spoil: Callable[[Manifest], str]) -> None:
    service = ray_service("gpu")
    named = spoil(service)
    assert any(named in finding for finding in findings(OWN, service))


@needs_crd
@pytest.mark.parametrize("spoil", SPOILERS)
def test_the_definition_finds_it_too(spoil: Callable[[Manifest], str], crd: Schema) -> None:
    service = ray_service("gpu")
    named = spoil(service)
    assert any(named in finding for finding in findings(crd, service))


def test_closing_a_definition_follows_its_extensions() -> None:
    schema = closed(
        {
            "type": "object",
            "properties": {
                "port": {"anyOf": [{"type": "integer"}], "x-kubernetes-int-or-string": True},
                "note": {"type": "string", "nullable": True},
                "open": {"type": "object", "properties": {}, "x-kubernetes-preserve-unknown-fields": True},
                "map": {"type": "object", "additionalProperties": {"type": "string"}},
                "list": {"type": "array", "items": {"type": "object", "properties": {"a": {}}}},
            },
        }
    )
    fine = {"port": "http", "note": None, "open": {"any": 1}, "map": {"k": "v"}, "list": [{"a": 1}]}
    assert findings(schema, fine) == []
    for wrong in ({"prot": 1}, {"port": 1.5}, {"note": 1}, {"map": {"k": 1}}, {"list": [{"b": 1}]}):
        assert len(findings(schema, wrong)) == 1
