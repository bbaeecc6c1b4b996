"""A real Prometheus, as Debian packages it, beside the server under test."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.environment import free_port

BINARY = shutil.which("prometheus")


@dataclass(frozen=True)
class Prometheus:
    """Where it answers."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what an expression gives now. Fails where Prometheus doesn't understand it."""
        return self._ask("query", query=expression)

    def recently(self, expression: str, within_s: float = 30.0) -> list[dict[str, Any]]:
        """Return what an expression gave last: a late export is a gap in a panel's line, no empty panel."""
        now = time.time()
        found = self._ask("query_range", query=expression, start=now - within_s, end=now, step=1)
        return [series | {"value": series["values"][-1]} for series in found]

    def wait_for(self, expression: str, within_s: float = 60.0) -> list[dict[str, Any]]:
        """Return what an expression gives, once it gives anything."""
        deadline = time.monotonic() + within_s
        while not (found := self.query(expression)):
            assert time.monotonic() < deadline, f"nothing for {expression} within {within_s:g} s"
            time.sleep(0.5)
        return found

    def _ask(self, what: str, **parameters: str | float) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/api/v1/{what}", params=parameters, timeout=10).json()
        assert answer["status"] == "success", f"{parameters}: {answer.get('error')}"
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        groups = httpx.get(f"{self.url}/api/v1/rules", timeout=10).json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


@contextmanager
def run_prometheus(folder: Path, target: str, rules: Path, every: str = "5s") -> Iterator[Prometheus]:
    """Run one that scrapes `target` and evaluates `rules` at an interval, which Prometheus reads.

    A scrape may take as long: Ray's page takes more than a second where many applications have come and gone.
    """
    assert BINARY is not None
    config = folder / "prometheus.yml"
    scrapes = [{"job_name": "polyvox", "static_configs": [{"targets": [target]}]}]
    pace = {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every}
    config.write_text(yaml.safe_dump({"global": pace, "rule_files": [str(rules)], "scrape_configs": scrapes}))
    address = f"127.0.0.1:{free_port()}"
    command = [
        BINARY,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(f"http://{address}", process)
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "Prometheus didn't start"
        try:
            if httpx.get(f"{url}/-/ready", timeout=1).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("Prometheus isn't ready")
