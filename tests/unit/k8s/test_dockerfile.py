"""Images run as nobody in particular, hold no weights and no secrets, and are what the manifests expect."""

from __future__ import annotations

import os
import re
import shlex

import pytest
import yaml

from tests.unit.k8s.dockerfile import lineage, problems, stages
from tests.unit.k8s.manifests import OVERLAYS, ROOT, overlay, pod_specs, ray_service, templates

TEXT = (ROOT / "Dockerfile").read_text()
TARGETS = ("cpu", "cuda")


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_is_sound(target: str) -> None:
    assert problems(TEXT, target) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("USER 10001:10001", "USER root", "user"),
        ("USER 10001:10001", "USER polyvox", "user"),
        ("USER 10001:10001\n", "", "user"),
        ("python:${PYTHON_VERSION}-slim-bookworm AS", "python:latest AS", "latest"),
        ("python:${PYTHON_VERSION}-slim-bookworm AS", "python AS", "changes"),
        ("HEALTHCHECK", "LABEL", "health"),
        ("PYTHONUNBUFFERED=1", "HF_TOKEN=hf_x", "HF_TOKEN"),
        ("COPY tts_core tts_core", "COPY . .", "COPY ."),
    ],
)
def test_a_mistake_is_found(right: str, wrong: str, said: str) -> None:
    assert right in TEXT
    assert any(said in problem for problem in problems(TEXT.replace(right, wrong), "cpu"))


def test_the_default_needs_no_gpu() -> None:
    assert list(stages(TEXT))[-1] == "cpu"


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_that_builds_is_in_what_runs(target: str) -> None:
    names = {stage.name for stage in lineage(stages(TEXT), target)}
    assert names == {"python", "runtime", target}


def test_pods_run_as_the_images_user() -> None:
    [user] = stages(TEXT)["runtime"].all("USER")
    for name in OVERLAYS:
        for template in templates(ray_service(name)).values():
            security = template["spec"]["securityContext"]
            assert user == f"{security['runAsUser']}:{security['runAsGroup']}"


def test_targets_are_the_tags_that_manifests_name() -> None:
    for name in OVERLAYS:
        pods = dict(pod_specs(overlay(name)))
        images = {one["image"] for pod in pods.values() for one in pod["containers"]}
        ours = [image for image in images if image.startswith("polyvox:")]
        assert all(image.rpartition("-")[2] in TARGETS for image in ours)
        assert all(image in TEXT for image in ours), "the comment at the top says how to build each"


def test_the_context_holds_nothing_but_what_is_copied() -> None:
    ignored, *rules = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert ignored == "*"
    copied = {
        source
        for stage in stages(TEXT).values()
        for copy in stage.all("COPY")
        if "--from" not in copy
        for source in copy.split()[:-1]
        if not source.startswith("--")
    }
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied
    assert all((ROOT / source).exists() for source in copied)


def test_the_hook_of_the_manifests_is_there_and_runs() -> None:
    copies = [copy.split() for copy in stages(TEXT)["runtime"].all("COPY")]
    assert ["--chmod=755", "k8s/drain.py", "/usr/local/bin/polyvox-drain"] in copies
    assert (ROOT / "k8s" / "drain.py").read_text().startswith("#!/usr/bin/env python3\n")
    assert os.access(ROOT / "k8s" / "drain.py", os.R_OK)


def test_a_container_is_reached_from_outside_itself() -> None:
    [edit] = [run for run in stages(TEXT)["runtime"].all("RUN") if run.startswith("sed ")]
    edited = (ROOT / "serve_config.yaml").read_text()
    for expression in (word for word in shlex.split(edit) if word.startswith("s/")):
        _, pattern, replacement, _ = expression.split("/")
        edited = re.sub(pattern, replacement.replace("&", r"\g<0>"), edited, flags=re.MULTILINE)
    config = yaml.safe_load(edited)
    assert config["http_options"]["host"] == "0.0.0.0"
    assert "127.0.0.1" not in edited
    # Without it, a server that others can reach doesn't start.
    assert config["applications"][0]["args"]["ingress"]["open_to_all"] is True
