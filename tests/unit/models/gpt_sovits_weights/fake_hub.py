"""A model hub on localhost: the few routes that downloads use, with faults on demand."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_PATH = re.compile("/(lj1995/GPT-SoVITS|XXXXRT/GPT-SoVITS-Pretrained)/resolve/([^/]+)/(.+)")
_LARGE_BYTES = 10_000
"""The hub keeps files over 10 MB in large-file storage; this one draws the line lower."""


def checksum(content: bytes) -> str:
    """SHA-256 for large files, git's blob hash for small ones, as the hub has them."""
    if len(content) > _LARGE_BYTES:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class FakeHub:
    """Files by name, what was asked for, and what is to go wrong."""

    files: dict[str, bytes]
    endpoint: str = ""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, "revision/name" and Range of each request."""
    sources: list[tuple[str, str]] = field(default_factory=list)
    """Repository and name of each request."""
    credentials: list[str] = field(default_factory=list)
    breaks_after: dict[str, int] = field(default_factory=dict)
    """Bytes after which the connection is cut, by file. Cuts once, then is forgotten."""
    is_down: bool = False
    goes_down_after_a_break: bool = False
    corrupted: set[str] = field(default_factory=set)
    without_checksum: bool = False

    def gets(self, name: str) -> list[str | None]:
        """Return the Range of each download of a file."""
        return [wanted for method, path, wanted in self.requests if method == "GET" and path.endswith(name)]


@contextmanager
def running(hub: FakeHub) -> Iterator[FakeHub]:
    """Serve `hub` on a free port of localhost."""

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        match = _PATH.fullmatch(unquote(self.path))
        repository, revision, name = match.groups() if match else ("", "", self.path)
        wanted = self.headers.get("Range")
        self.hub.requests.append((self.command, f"{revision}/{name}", wanted))
        self.hub.sources.append((repository, name))
        self.hub.credentials += self.headers.get_all("Authorization") or []
        if self.hub.is_down:
            self._refuse(503)
        elif revision not in ("main", COMMIT) or name not in self.hub.files:
            self._refuse(404)
        else:
            self._send(
                name, int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0, with_body=with_body
            )

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", "EntryNotFound" if status == 404 else "Unavailable")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, name: str, start: int, *, with_body: bool) -> None:
        content = self.hub.files[name]
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", '"strange"' if self.hub.without_checksum else f'"{checksum(content)}"')
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if with_body:
            self._send_body(name, content, start)

    def _send_body(self, name: str, content: bytes, start: int) -> None:
        if name in self.hub.corrupted:
            content = content[:-1] + bytes([content[-1] ^ 1])
        end = self.hub.breaks_after.pop(name, None)
        self.wfile.write(content[start:end])
        if end is not None:
            self.hub.is_down = self.hub.goes_down_after_a_break
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keep the tests' output to themselves."""
