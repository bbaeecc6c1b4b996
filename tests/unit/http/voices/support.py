"""An application with a store of voices, and recordings for it."""

from __future__ import annotations

import dataclasses
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, cast

import httpx

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from deployments.http.voices.decoding import Decoded
from deployments.http.voices.desk import VoiceDesk
from deployments.http.voices.opening import takes_uploads
from tests.unit.http.fakes import FakeSource
from tests.unit.voices.samples import TEXT, encode, speech
from tts_core.voices import Upload, VoiceStore
from tts_core.voices.examination import examine

VOICES = "/v1/audio/voices"
WAV = encode(speech(16_000), 16_000)
OTHER_WAV = encode(speech(16_000, 5.0), 16_000)
FORM = {"name": "me", "text": TEXT, "language": "en", "consent": "I agree that my voice is cloned."}


class NearDecoder:
    """Decodes in this process: fast, and as far as an answer goes, alike."""

    def place(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def decode(self, data: bytes) -> Decoded:
        figures, pcm = examine(Upload("audio_sample", data))
        samples = pcm.samples.astype("<f4").tobytes()
        return Decoded(dataclasses.asdict(figures), figures.warnings, samples, pcm.rate_hz)


def connect(
    folder: Path, decoder: Any = None, models: tuple[str, ...] = ("formant",), **args: Any
) -> httpx.AsyncClient:
    """Return a client of an application that keeps its voices in a folder."""
    ingress = IngressArgs(**args)
    service = Service(ingress, FakeSource(), transport_holds_back=True)
    desk = VoiceDesk(
        VoiceStore(folder),
        models,
        ingress.voices,
        takes_uploads(ingress),
        decoder=cast(Any, decoder or NearDecoder()),
    )
    transport = httpx.ASGITransport(create_app(service, desk), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://polyvox")


async def upload(client: httpx.AsyncClient, wav: bytes = WAV, **changes: Any) -> httpx.Response:
    """Upload as a form, with changed fields; an empty one is left out."""
    fields = {name: value for name, value in {**FORM, **changes}.items() if value}
    return await client.post(VOICES, data=fields, files={"audio_sample": ("me.wav", wav, "audio/wav")})


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def damage(folder: Path) -> None:
    """Overwrite a kept recording."""
    next(folder.glob("artefacts/*/recording-0")).write_bytes(b"damage")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
