"""Text spoken while it is still being written, over a server's WebSocket (see docs/websocket.md)."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import io
import json
import sys
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Protocol, cast

from polyvox.client import Server, is_loopback, rebuild_error
from polyvox.errors import ServerRefused, ServerUnreachable
from tts_core.errors import EmptyInput, InvalidParameter, PolyvoxError, StreamInterrupted

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_PATH = "/v1/audio/speech/ws?audio=binary"
_OPEN_TIMEOUT_S = 10.0
_INTERRUPT_TIMEOUT_S = 2.0
_READ_BYTES = 4096


class Listener(Protocol):
    """Takes the audio. `write` may block: it is called in a thread of its own."""

    def write(self, data: bytes, /) -> None: ...

    def silence(self) -> None: ...

    def played_ms(self) -> int | None: ...

    def interrupted(self, spoken_text: str, /) -> None: ...


async def speak_live(
    server: Server, start: dict[str, Any], pieces: AsyncIterator[str], listener: Listener
) -> None:
    """Speak pieces of text as they come, to the end of both.

    Cancelled, it falls silent at once, and tells the listener what had been heard.

    Args:
        start: the fields of the protocol's `start`.

    Raises:
        PolyvoxError: the server's own error, ServerUnreachable, ServerRefused, StreamInterrupted, or
            EmptyInput where nothing could be spoken.
    """
    async with _connected(server) as socket:
        await _send(socket, "start", **start)
        writing = asyncio.create_task(_write(socket, pieces))
        listening = asyncio.create_task(_listen(socket, listener))
        try:
            await asyncio.wait({writing, listening}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                writing.result()  # a text that breaks off ends it
            await listening
        except asyncio.CancelledError:
            listener.silence()
            await _ended(writing, listening)
            with contextlib.suppress(Exception):  # whoever interrupts waits for no error
                await asyncio.wait_for(_interrupt(socket, listener), _INTERRUPT_TIMEOUT_S)
            raise
        finally:
            await _ended(writing, listening)


async def _ended(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def stdin_pieces() -> AsyncIterator[str]:
    """Yield what comes in on stdin, as soon as it comes.

    Raises:
        InvalidParameter: it isn't UTF-8.
    """
    loop, arrived = asyncio.get_running_loop(), asyncio.Queue[bytes]()
    # Unbuffered: a thread that waits within a buffer's lock would crash the interpreter's exit.
    source = cast(io.RawIOBase, getattr(sys.stdin.buffer, "raw", sys.stdin.buffer))

    def read() -> None:
        data = b"more"
        with contextlib.suppress(RuntimeError):  # nobody listens any more: the loop is closed
            while data:
                data = source.read(_READ_BYTES) or b""
                loop.call_soon_threadsafe(arrived.put_nowait, data)

    # Nothing can end a thread that reads from a terminal, so nobody must wait for it.
    threading.Thread(target=read, daemon=True).start()
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while data := await arrived.get():
            if text := decoder.decode(data):
                yield text
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise InvalidParameter(f"stdin isn't text in UTF-8: {error}", param="text") from error


async def one_piece(text: str) -> AsyncIterator[str]:
    yield text


async def _write(socket: ClientConnection, pieces: AsyncIterator[str]) -> None:
    from websockets.exceptions import ConnectionClosed

    with contextlib.suppress(ConnectionClosed):  # who listens hears why
        async for piece in pieces:
            await _send(socket, "text", text=piece)
        await _send(socket, "end")


async def _listen(socket: ClientConnection, listener: Listener) -> None:
    is_silent = True
    async for message in socket:
        if isinstance(message, bytes):
            is_silent = False
            await asyncio.to_thread(listener.write, message[1 + message[0] :])
            continue
        event = json.loads(message)
        if event["type"] in ("error", "failed"):
            raise rebuild_error(event["error"], event.get("retry_after_s"))
        if event["type"] == "done":
            if is_silent:
                raise EmptyInput("there was nothing to speak", param="text")
            return
    raise StreamInterrupted("the server closed the connection before all was spoken")


async def _interrupt(socket: ClientConnection, listener: Listener) -> None:
    played_ms = listener.played_ms()
    await _send(socket, "interrupt", **({} if played_ms is None else {"played_ms": played_ms}))
    async for message in socket:
        event = json.loads(message) if isinstance(message, str) else {"type": "audio"}
        if event["type"] == "interrupted":
            listener.interrupted(event["spoken_text"])
            return


async def _send(socket: ClientConnection, kind: str, **fields: Any) -> None:
    await socket.send(json.dumps({"type": kind, **fields}, ensure_ascii=False))


@contextlib.asynccontextmanager
async def _connected(server: Server) -> AsyncIterator[ClientConnection]:
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

    base = server.url.rstrip("/").removesuffix("/v1")
    if not base.startswith(("http://", "https://")):
        raise InvalidParameter(f"{server.url!r} is not a server's address", param="url")
    headers = {"Authorization": f"Bearer {server.api_key}"} if server.api_key else {}
    try:
        socket = await connect(
            base.replace("http", "ws", 1) + _PATH,
            additional_headers=headers,
            max_size=None,
            open_timeout=_OPEN_TIMEOUT_S,
            proxy=None if is_loopback(base) else True,
        )
    except InvalidStatus as error:
        raise _refusal(base, error.response.status_code, error.response.body) from error
    except (InvalidHandshake, InvalidURI) as error:
        raise ServerRefused(f"{base} speaks no live text: {error}") from error
    except OSError as error:
        raise ServerUnreachable(f"no server answers at {base}: {error}") from error
    try:
        yield socket
    except ConnectionClosed as error:
        raise StreamInterrupted(f"{base} cut the connection short: {error}") from error
    finally:
        await socket.close()


def _refusal(base: str, status: int, body: bytes | bytearray | None) -> PolyvoxError:
    try:
        return rebuild_error(json.loads(body or b"")["error"], None)
    except (ValueError, KeyError, TypeError):
        return ServerRefused(f"{base} answered HTTP {status} instead of opening a WebSocket")
