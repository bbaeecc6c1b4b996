"""Words, sentences and subtitles of real speech, as the `openai` package is given them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
import srt

from tests.support.decoding import pcm_samples
from tests.support.server import RunningServer

TEXT = "The *quick* brown fox doesn't jump. It was a bright cold day in April, and clocks were striking 13!"
MARKED = {"text_format": "markdown", "timestamps": ["word", "sentence"], "subtitle_format": "srt"}


@pytest.fixture(scope="module")
def client(server_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server_url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def events(client: openai.OpenAI) -> list[dict[str, Any]]:
    with client.audio.speech.with_streaming_response.create(
        model="tts-1",
        voice="alloy",
        input=TEXT,
        response_format="pcm",
        stream_format="sse",
        extra_body=MARKED,
    ) as answer:
        return [json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line]


def told(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for event in events for one in event.get(kind, [])]


def test_every_word_is_told_in_order_within_the_audio(events: list[dict[str, Any]]) -> None:
    words = told(events, "words")
    assert [word["text"] for word in words[:6]] == ["The", "quick", "brown", "fox", "doesn't", "jump"]
    assert all(TEXT[word["start_char"] : word["end_char"]] == word["text"] for word in words)
    audio = b"".join(base64.b64decode(event.get("audio", "")) for event in events)
    edges = [edge for word in words for edge in (word["start"], word["end"])]
    assert edges == sorted(edges)
    assert 0 <= edges[0] < edges[-1] <= len(pcm_samples(audio)) / 24_000
    assert events[-1]["type"] == "speech.audio.done"


def test_words_come_before_the_speech_is_over(events: list[dict[str, Any]]) -> None:
    kinds = [event["type"] for event in events]
    assert kinds.index("speech.audio.timestamps") < len(kinds) // 2


def test_sentences_hold_their_words(events: list[dict[str, Any]]) -> None:
    sentences = told(events, "sentences")
    assert [one["text"] for one in sentences] == [TEXT[:35], TEXT[36:]]
    first = [word for word in told(events, "words") if word["end_char"] <= 35]
    assert (sentences[0]["start"], sentences[0]["end"]) == (first[0]["start"], first[-1]["end"])


def test_subtitles_alone_are_those_of_the_events(server: RunningServer, events: list[dict[str, Any]]) -> None:
    body = {"model": "tts-1", "voice": "alloy", "input": TEXT, "response_format": "pcm", **MARKED}
    answer = httpx.post(f"{server.url}/v1/audio/speech/subtitles", json=body, timeout=30)
    (told_text,) = [event["text"] for event in events if event["type"] == "speech.audio.subtitles"]
    assert answer.text == told_text
    assert " ".join(one.content.replace("\n", " ") for one in srt.parse(answer.text)) == TEXT.replace("*", "")
