"""The real `openai` package, unmodified, against the real server."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import openai
import pytest

from tests.support.decoding import decode, pcm_samples

TEXT = "The quick brown fox jumps over the lazy dog. She sells sea shells by the sea shore."
# Six seconds at the rate of speech that espeak-ng calls normal.
SHORTEST_S, LONGEST_S = 4.0, 8.0
FORMATS = ["mp3", "wav", "pcm", "opus", "flac", "aac"]


@pytest.fixture(scope="module")
def client(server_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server_url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.mark.parametrize("name", FORMATS)
def test_streams_decodes_lasts_and_sounds(client: openai.OpenAI, name: str) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="tts-1",
        voice="alloy",
        input=TEXT,
        response_format=name,  # type: ignore[arg-type]
    ) as answer:
        chunks = list(answer.iter_bytes())
    assert len(chunks) > 1
    data = b"".join(chunks)
    samples, rate_hz = (pcm_samples(data), 24_000) if name == "pcm" else decode(data)
    assert rate_hz in (24_000, 48_000)  # decoders give Opus at its native rate
    assert SHORTEST_S < len(samples) / rate_hz < LONGEST_S
    assert np.sqrt(np.mean(samples**2)) > 0.02


def test_whole_answers(client: openai.OpenAI) -> None:
    whole = client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="nova", input=TEXT, response_format="pcm", instructions="Cheerfully."
    )
    assert len(whole.content) / 48_000 > SHORTEST_S


def test_errors_are_the_packages_own(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown_voice:
        client.audio.speech.create(model="tts-1", voice="nobody", input=TEXT)
    assert unknown_voice.value.code == "unknown_voice"
    with pytest.raises(openai.BadRequestError) as empty:
        client.audio.speech.create(model="tts-1", voice="alloy", input=" ")
    assert empty.value.code == "empty_input"


def test_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["formant"]
