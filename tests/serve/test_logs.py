"""Each answer has one request id, and each log line about a request has it too."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray
from ray.serve.schema import LoggingConfig

from tests.support.listeners import LONG_TEXT, SPEAK, RawListener, body
from tests.support.server import RunningServer, config_args, run_app

HELLO = body("Hello there.")


@pytest.fixture(scope="module")
def url(server: RunningServer) -> Iterator[str]:
    """An application with one slot, whose log is JSON as in serve_config.yaml."""
    args = config_args()
    args["engines"][0] |= {"num_slots": 1}
    args["ingress"]["waiting"] = {"max_wait_s": 0.2}
    with run_app(server, "logged", args, logging_config=LoggingConfig(encoding="JSON")) as url:
        yield url


ANSWERED: set[str] = set()  # names of requests: a replica may write of one after the ingress has answered it


class Log:
    """What the application's replicas write from now on, but for what they add about earlier requests."""

    def __init__(self) -> None:
        node: Any = ray._private.worker._global_node
        self._folder = Path(node.get_logs_dir_path()) / "serve"
        self._seen = {path: len(_whole_lines(path)) for path in self._files()}
        self._earlier = frozenset(ANSWERED)

    def lines(self) -> list[dict[str, Any]]:
        new = [line for path in self._files() for line in _whole_lines(path)[self._seen.get(path, 0) :]]
        lines = [json.loads(line) for line in new]
        return [line for line in lines if line.get("request_id") not in self._earlier]

    def wait_for(self, message: str, request_id: str, deployment: str = "Ingress") -> list[dict[str, Any]]:
        """Return all lines, once one of a deployment says this of a request: after the answer, perhaps."""
        deadline = time.monotonic() + 10
        while True:
            lines = self.lines()
            mine = [
                line["message"]
                for line in lines
                if (line.get("request_id"), line["deployment"]) == (request_id, f"logged_{deployment}")
            ]
            if any(message in one for one in mine):
                return lines
            assert time.monotonic() < deadline, lines
            time.sleep(0.05)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("replica_logged_*.log"))


def _whole_lines(path: Path) -> list[bytes]:
    """Read a log without what its writer is at, which may have been flushed in the middle of a line."""
    return path.read_bytes().split(b"\n")[:-1]


REQUESTS: dict[str, tuple[int, dict[str, Any]]] = {
    "good": (200, {"method": "POST", "url": SPEAK, "json": HELLO}),
    "whole": (200, {"method": "GET", "url": "/tts?text=Hello.&text_lang=en&ref_audio_path=en-us"}),
    "nobody": (404, {"method": "POST", "url": SPEAK, "json": {**HELLO, "voice": "nobody"}}),
    "no-json": (400, {"method": "POST", "url": SPEAK, "content": b"{", "headers": {}}),
    "no-text": (400, {"method": "POST", "url": SPEAK, "json": {**HELLO, "input": "..."}}),
    "no-route": (404, {"method": "GET", "url": "/nothing"}),
    "no-method": (405, {"method": "GET", "url": SPEAK}),
    "too-large": (413, {"method": "POST", "url": SPEAK, "content": b" " * 5_000_000}),
    "page": (200, {"method": "GET", "url": "/"}),
    "health": (200, {"method": "GET", "url": "/readyz"}),
}


def ask(url: str, request: dict[str, Any], headers: list[tuple[bytes, bytes]]) -> httpx.Response:
    answer = httpx.request(
        **{**request, "url": url + request["url"], "headers": headers}, timeout=30, follow_redirects=True
    )
    ANSWERED.add(answer.headers["x-request-id"])
    return answer


@pytest.mark.parametrize("name", REQUESTS)
def test_every_answer_has_the_id_and_so_has_every_line(url: str, name: str) -> None:
    status, request = REQUESTS[name]
    log = Log()
    answer = ask(url, request, [(b"x-request-id", name.encode())])
    assert answer.status_code == status
    assert answer.headers.get_list("x-request-id") == [name]
    lines = log.wait_for(f" {status} ", name)
    assert {line.get("request_id") for line in lines} == {name}, lines


def test_replicas_name_the_request_too(url: str) -> None:
    log = Log()
    answer = ask(url, REQUESTS["good"][1], [])
    log.wait_for("CALL synthesize OK", answer.headers["x-request-id"], "TTSServer-formant")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([b"caf\xe9 7"], "caf__7"),
        ([b"a\tb/../c"], "a_b_.._c"),
        ([b"\xff\xfe\x00"[:2]], "__"),
        ([b"first", b"second"], "first"),
        ([b"x" * 500], "x" * 128),
    ],
)
def test_names_that_clients_give_are_made_harmless(url: str, given: list[bytes], expected: str) -> None:
    log = Log()
    answer = ask(url, REQUESTS["good"][1], [(b"x-request-id", name) for name in given])
    assert answer.status_code == 200
    assert answer.headers.get_list("x-request-id") == [expected]
    assert {line.get("request_id") for line in log.wait_for(" 200 ", expected)} == {expected}


@pytest.mark.parametrize("given", [[], [(b"x-request-id", b"")]])
def test_whoever_gives_no_name_gets_one(url: str, given: list[tuple[bytes, bytes]]) -> None:
    log = Log()
    answer = ask(url, REQUESTS["good"][1], given)
    (name,) = answer.headers.get_list("x-request-id")
    assert len(name) == 32
    assert {line.get("request_id") for line in log.wait_for(" 200 ", name)} == {name}


@pytest.mark.parametrize("header", [b"x-session-id", b"serve_multiplexed_model_id", b"x-anything"])
def test_other_headers_in_latin_1_do_no_harm(url: str, header: bytes) -> None:
    assert ask(url, REQUESTS["good"][1], [(header, b"caf\xe9")]).status_code == 200


def test_a_full_server_names_whom_it_turns_away(url: str) -> None:
    listener = RawListener(url, LONG_TEXT, {"X-Request-Id": "long"})
    listener.read(10_000)
    log = Log()
    answer = ask(url, REQUESTS["good"][1], [(b"x-request-id", b"late")])
    assert answer.status_code == 429
    assert answer.headers.get_list("x-request-id") == ["late"]
    assert answer.headers["x-error-code"] == "overloaded"
    assert {line.get("request_id") for line in log.wait_for(" 429 ", "late")} == {"late"}
    log = Log()
    listener.hang_up()
    lines = log.wait_for("speech cancelled after", "long")
    assert {line.get("request_id") for line in lines} == {"long"}
    assert {line["levelname"] for line in lines} == {"INFO"}  # it is nobody's fault
