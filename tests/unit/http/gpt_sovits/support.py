"""An ingress in front of voices that were made from recordings, and of models with weights of their own."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.gpt_sovits.weights import WeightFiles
from deployments.http.service import Service
from tests.unit.http.fakes import FakeSource, FakeSpeech
from tts_core.errors import EngineStopped, UnknownVoice
from tts_core.request import SynthesisRequest
from tts_core.voice import VoiceInfo

VOICES = (
    VoiceInfo("en-us", "English (America)", "en-US", "formant"),
    VoiceInfo("ann", "Ann", "zh", "one", ("今天天气真好.wav", "happy.flac")),
    VoiceInfo("Bob", "Bob", "en", "one", ("reference.wav",)),
    VoiceInfo("cem", "Cem", "en", "one", ("Reference.WAV",)),
)
WEIGHTS = {
    "one": WeightFiles("s1v3.ckpt", "v2Pro/s2Gv2Pro.pth"),
    "two": WeightFiles("/weights/two-e15.ckpt", "/weights/two_e8_s100.pth"),
    "mix": WeightFiles("/weights/two-e15.ckpt", "v2Pro/s2Gv2Pro.pth"),
}
TTS = {"text": "Hello there.", "text_lang": "en", "ref_audio_path": "ann"}


class Voices(FakeSource):
    """Speaks with `VOICES`, variants included; counts how often it was asked for them."""

    def __init__(self) -> None:
        super().__init__()
        self.num_listed = 0
        self.listed: tuple[VoiceInfo, ...] = VOICES
        self.is_down = self.is_hanging = False

    @property
    def models(self) -> tuple[str, ...]:
        return ("formant", "one", "two", "mix")

    async def voices(self) -> tuple[VoiceInfo, ...]:
        self.num_listed += 1
        while self.is_hanging:  # noqa: ASYNC110  # a test decides
            await asyncio.sleep(0.01)
        if self.is_down:
            raise EngineStopped("an engine gives no answer")
        return self.listed

    async def open(self, request: SynthesisRequest, payer: str = "") -> FakeSpeech:
        self.requests.append(request)
        self.payers.append(payer)
        if self.refuses_with is not None:
            raise self.refuses_with
        if request.voice.partition("+")[0] not in {voice.id for voice in VOICES}:
            raise UnknownVoice(f"there is no voice {request.voice!r}; near it: ann", param="voice")
        self.speeches.append(FakeSpeech(self))
        return self.speeches[-1]


def connect(source: FakeSource, end: Any = None, **args: Any) -> httpx.AsyncClient:
    """Return a client of an ingress in this process."""
    ingress = IngressArgs(voice_aliases={"demo.wav": "en-us"}, model_aliases={"best": "two"}, **args)
    service = Service(ingress, source, transport_holds_back=True, weights=WEIGHTS, end=end)
    transport = httpx.ASGITransport(create_app(service), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://polyvox")
