"""A Polyvox server over HTTP, as the command line sees it."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from polyvox.errors import ServerRefused, ServerUnreachable
from tts_core.errors import (
    InvalidParameter,
    PolyvoxError,
    StreamInterrupted,
    error_from_description,
    error_types,
)

CONNECT_TIMEOUT_S = 5.0
SILENCE_TIMEOUT_S = 60.0  # longer than a server lets a request wait for a slot

_MAX_QUOTED_CHARS = 200
_VOICES = "/v1/audio/voices"


@dataclass(frozen=True)
class Server:
    """Where a server is, and how to be let in.

    Attributes:
        url: with or without OpenAI's `/v1` at the end.
        api_key: sent as a bearer token; None where the server wants none.
        timeout_s: longest silence, and at most `CONNECT_TIMEOUT_S` of it for connecting.
    """

    url: str
    api_key: str | None = None
    timeout_s: float = SILENCE_TIMEOUT_S

    def speak(self, body: dict[str, Any]) -> Generator[bytes]:
        """Yield the audio of a `POST /v1/audio/speech` while it arrives.

        Raises:
            PolyvoxError: the server's own error, ServerUnreachable, ServerRefused, or StreamInterrupted where
                the audio ended too early.
        """
        num_bytes = 0
        with (
            self._client() as client,
            self._transport_errors(),
            client.stream("POST", "/v1/audio/speech", json=body) as response,
        ):
            _raise_for_status(response)
            _raise_unless_audio(response)
            for data in response.iter_bytes():
                num_bytes += len(data)
                yield data
        if not num_bytes:
            raise StreamInterrupted(f"{self.url} answered without any audio")

    def voices(self) -> list[dict[str, Any]]:
        """Return the server's catalogue.

        Raises:
            PolyvoxError: as for `speak`.
        """
        with self._client() as client, self._transport_errors():
            response = client.get(_VOICES)
            _raise_for_status(response)
        voices = _json(response).get("voices")
        if not isinstance(voices, list) or not all(isinstance(voice, dict) for voice in voices):
            raise ServerRefused(f"{self.url} has a list of voices that is not Polyvox's")
        return voices

    def add_voice(
        self, name: str, recording: bytes, text: str, consent: str, language: str = "auto"
    ) -> dict[str, Any]:
        """Upload a voice and return what the server tells of it. It can be spoken with from then on.

        Args:
            name: what requests will call it.
            recording: 3 to 10 s of one speaker, in any audio format.
            text: what the recording says.
            consent: the speaker's, in words.
            language: of the text.

        Raises:
            PolyvoxError: as for `speak`; InvalidVoice and VoiceExists among them.
        """
        fields = {"name": name, "text": text, "consent": consent, "language": language}
        return self._ask("POST", _VOICES, data=fields, files={"audio_sample": (name, recording)})

    def inspect_voice(self, voice: str) -> dict[str, Any]:
        """Return what the server tells of one voice. Raises as `speak`; UnknownVoice among them."""
        return self._ask("GET", f"{_VOICES}/{quote(voice, safe='')}")

    def preview_voice(self, voice: str, response_format: str = "wav") -> bytes:
        """Return a sentence in a voice, encoded. Raises as `speak`; UnknownVoice among them."""
        with self._client() as client, self._transport_errors():
            path = f"{_VOICES}/{quote(voice, safe='')}/preview"
            response = client.get(path, params={"response_format": response_format})
            _raise_for_status(response)
            _raise_unless_audio(response)
        return response.content

    def remove_voice(self, voice: str) -> dict[str, Any]:
        """Delete a voice and return which one it was. Raises as `speak`; UnknownVoice among them."""
        return self._ask("DELETE", f"{_VOICES}/{quote(voice, safe='')}")

    def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        with self._client() as client, self._transport_errors():
            response = client.request(method, path, **content)
            _raise_for_status(response)
        return _json(response)

    def _client(self) -> httpx.Client:
        base_url = self.url.rstrip("/").removesuffix("/v1")
        try:
            return httpx.Client(
                base_url=base_url,
                headers={"Authorization": f"Bearer {self.api_key}"} if self.api_key else {},
                timeout=httpx.Timeout(self.timeout_s, connect=min(self.timeout_s, CONNECT_TIMEOUT_S)),
                # A proxy named in the environment can't reach this machine's own addresses.
                trust_env=not is_loopback(base_url),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise InvalidParameter(f"{self.url!r} is not a server's address: {error}", param="url") from error

    @contextlib.contextmanager
    def _transport_errors(self) -> Iterator[None]:
        try:
            yield
        except httpx.UnsupportedProtocol as error:
            raise InvalidParameter(f"{self.url!r} is not a server's address: {error}", param="url") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ServerUnreachable(
                f"no server answers at {self.url}: {error}. Start one with `polyvox serve`, "
                "name another with --url, or do without one: --local"
            ) from error
        except httpx.TimeoutException as error:
            raise StreamInterrupted(f"{self.url} sent nothing for {self.timeout_s:g} s") from error
        except httpx.TransportError as error:
            raise StreamInterrupted(f"{self.url} cut the connection short: {error}") from error


def is_loopback(url: str) -> bool:
    """Tell whether `url` names this machine, without asking a name server."""
    host = httpx.URL(url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _raise_for_status(response: httpx.Response) -> None:
    if response.status_code == httpx.codes.OK:
        return
    response.read()
    raise _server_error(response)


def _raise_unless_audio(response: httpx.Response) -> None:
    media_type = response.headers.get("content-type", "")
    if not media_type.startswith(("audio/", "application/octet-stream")):
        raise ServerRefused(f"{response.url} answered with {media_type or 'no media type'} instead of audio")


def _server_error(response: httpx.Response) -> PolyvoxError:
    """Rebuild the error that an answer in OpenAI's shape tells of."""
    error = _json(response).get("error")
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        quoted = " ".join(response.text.split())[:_MAX_QUOTED_CHARS]
        return ServerRefused(f"{response.url} answered HTTP {response.status_code}: {quoted}")
    return rebuild_error(
        error, _seconds(response.headers.get("retry-after")), f"HTTP {response.status_code}, "
    )


def rebuild_error(error: dict[str, Any], retry_after_s: float | None, where: str = "") -> PolyvoxError:
    """Make an error of OpenAI's object; one that isn't among ours is a ServerRefused that says `where`."""
    code, message = error.get("code"), error["message"]
    if code not in {kind.code for kind in error_types()}:
        return ServerRefused(f"{where}{code}: {message}", retry_after_s=retry_after_s)
    return error_from_description(
        {"code": code, "message": message, "param": error.get("param"), "retry_after_s": retry_after_s}
    )


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdigit() else None
