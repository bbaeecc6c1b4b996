"""A server of live text that says back what it hears: one second of audio for each piece."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

SECOND = b"\x01\x02" * 24_000
NAME = b"\x07default"

Reaction = Callable[[ServerConnection, dict[str, Any]], None]


@dataclass
class LiveServer:
    """What arrived, and where."""

    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


def speak(socket: ServerConnection, message: dict[str, Any]) -> None:
    """React as a server does that speaks each piece at once."""
    context: dict[str, Any] = {"context_id": "default"}
    if message["type"] == "text":
        socket.send(json.dumps({"type": "clause", "clause": 0, "text": message["text"], **context}))
        socket.send(NAME + SECOND)
    elif message["type"] == "interrupt":
        socket.send(NAME + SECOND)  # what was on its way
        socket.send(json.dumps({"type": "interrupted", "spoken_text": "What was heard.", **context}))
    elif message["type"] == "end":
        socket.send(json.dumps({"type": "done", "audio_ms": 1000, **context}))


@contextmanager
def live_server(
    react: Reaction = speak, refuse: Callable[[ServerConnection, Request], Response | None] | None = None
) -> Iterator[LiveServer]:
    """Serve on a free port until the block ends."""
    server = LiveServer()

    def talk(socket: ServerConnection) -> None:
        assert socket.request is not None
        server.requests.append(socket.request)
        for text in socket:
            message = json.loads(text)
            server.seen.append(message)
            react(socket, message)
            if message["type"] == "text":
                server.heard.set()
        server.ended.set()

    with serve(talk, "127.0.0.1", 0, process_request=refuse) as listening:
        server.url = f"http://127.0.0.1:{listening.socket.getsockname()[1]}"
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield server
        listening.shutdown()
        thread.join()
