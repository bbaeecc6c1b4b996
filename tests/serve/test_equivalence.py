"""The strongest test: streamed = whole, together = alone, and every dialect speaks the same samples."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.decoding import wav_pcm
from tests.support.listeners import listen, listen_together
from tests.support.server import RunningServer

TEXTS = {
    "en-us": "Many voices at once, and none of them bleeds into another. Listen closely, and count to three.",
    "fr": "Beaucoup de voix à la fois, et aucune ne déborde sur une autre. Écoutez bien.",
    "de+f2": "Viele Stimmen zugleich, und keine färbt auf die andere ab. Hören Sie genau hin.",
    "cmn": "很多声音同时响起，互不干扰。请仔细听。",
    "ja": "たくさんのこえが どうじに きこえます。よく きいて ください。",
    "es+m3": "Muchas voces a la vez, y ninguna se mezcla con otra. Escuche con atención.",
}


async def test_32_listeners_at_once_each_hear_what_they_hear_alone(server: RunningServer) -> None:
    requests: list[dict[str, Any]] = [
        {"text": f"{text} {index}.", "voice": voice, "speed": 0.8 + 0.05 * (index % 9)}
        for index, (voice, text) in enumerate(list(TEXTS.items()) * 6)
    ][:32]
    together = await listen_together(server.url, requests)
    assert not [heard.data for heard in together if heard.status != 200]
    for request, heard in zip(requests, together, strict=True):
        alone = await listen(server.url, **request)
        assert heard.data == alone.data
        assert len(alone.data) > 48_000


async def test_streamed_samples_are_those_of_the_whole_answer(server: RunningServer) -> None:
    request = {"text": TEXTS["en-us"], "text_lang": "en", "ref_audio_path": "en-us"}
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        whole = await client.post("/tts", json=request)
        streamed = await client.post("/tts", json={**request, "streaming_mode": True})
        raw = await client.get("/tts", params={**request, "media_type": "raw"})
    assert whole.status_code == streamed.status_code == 200
    assert wav_pcm(streamed.content) == wav_pcm(whole.content) == raw.content
    assert int(whole.headers["content-length"]) == len(whole.content)


async def test_chunks_arrive_before_the_speech_is_finished(server: RunningServer) -> None:
    heard = await listen(server.url, TEXTS["en-us"] * 20)
    first_at, first_bytes = heard.arrivals[0]
    last_at, all_bytes = heard.arrivals[-1]
    assert first_bytes < all_bytes / 10
    assert first_at < last_at / 2
