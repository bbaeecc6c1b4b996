"""What docs/operating.md tells people to type, and the figures it states, are those of the manifests."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.k8s import checks
from tests.unit.k8s.manifests import ROOT, Manifest, of_kind, overlay, ray_service, workers

PAGE = (ROOT / "docs" / "operating.md").read_text()
COMMANDS = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))


def test_files_and_folders_are_there() -> None:
    named = set(re.findall(r"\b(?:k8s|deployments|benchmarks)/[\w./-]*\w", PAGE))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_what_is_applied_can_be_applied() -> None:
    composed = re.findall(r"kubectl apply -k (\S+)", COMMANDS)
    files = re.findall(r"kubectl apply -f (\S+)", COMMANDS)
    assert composed
    assert all((ROOT / folder / "kustomization.yaml").is_file() for folder in composed)
    assert all((ROOT / file).is_file() for file in files)


def test_the_secret_is_the_one_that_is_looked_for() -> None:
    made = re.search(r"create secret generic (\S+) --from-literal=(\w+)=", COMMANDS)
    assert made
    options = ray_service("gpu")["spec"]["rayClusterConfig"]["gcsFaultToleranceOptions"]
    assert options["redisPassword"]["valueFrom"]["secretKeyRef"] == {"name": made[1], "key": made[2]}


def test_the_label_for_prometheus_is_the_one_that_policies_let_in() -> None:
    label = re.search(r"kubectl label namespace \S+ (\S+)=(\S+)", COMMANDS)
    assert label
    wanted = {"namespaceSelector": {"matchLabels": {label[1]: label[2]}}}
    policies: list[Manifest] = of_kind("NetworkPolicy", overlay("gpu"))
    assert any(wanted in rule.get("from", []) for one in policies for rule in one["spec"]["ingress"])


def test_times_are_those_of_the_manifest(tmp_path: Path) -> None:
    service = ray_service("gpu")
    longest_s = checks.app_args(service, tmp_path).ingress.limits.longest_playback_s
    assert f"{longest_s:,.0f} s" in PAGE
    graces = {template["spec"]["terminationGracePeriodSeconds"] for template in workers(service).values()}
    assert graces == {int(value) for value in re.findall(r"max-graceful-termination-sec=(\d+)", PAGE)}
