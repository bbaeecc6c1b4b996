"""Words and sentences among a speech's events, and as subtitles."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import numpy as np
import pytest

from tests.support.decoding import decode, pcm_samples
from tests.unit.http.fakes import RATE_HZ, FakeSource, tone
from tts_core.errors import SegmentFailed
from tts_core.frontend.words import words_of
from tts_core.timing.marks import TextMark, WordMark

SPEAK = "/v1/audio/speech"
SUBTITLES = "/v1/audio/speech/subtitles"
HELLO = {
    "model": "tts-1",
    "input": "Hello there. Bye <all> & co!",
    "voice": "en-us",
    "response_format": "pcm",
}
FRAME_SAMPLES = 220
"""In which silence is told from speech."""
SPOKEN = "Hello there. Bye <all> & co!"


def sound(num_frames: int) -> bytes:
    return tone((num_frames * FRAME_SAMPLES + 0.5) / RATE_HZ)


def silence(num_frames: int) -> bytes:
    return bytes(2 * num_frames * FRAME_SAMPLES)


@pytest.fixture(autouse=True)
def words(source: FakeSource) -> None:
    """Half a second for the first sentence, 0.2 s of silence, and a second for the second."""
    source.pieces = [sound(50), silence(20), sound(100)]
    first, second = SPOKEN[:13], SPOKEN[13:]
    at = 70 * FRAME_SAMPLES
    source.cues = [
        TextMark(0, words_of(first)),
        WordMark(0, 0),
        WordMark(25 * FRAME_SAMPLES, 6),
        TextMark(at, words_of(second, start=13)),
        WordMark(at, 13),
        WordMark(at + RATE_HZ // 2, 18),
    ]


async def events_of(client: httpx.AsyncClient, **changes: Any) -> list[dict[str, Any]]:
    answer = await client.post(SPEAK, json={**HELLO, "stream_format": "sse", **changes})
    assert answer.status_code == 200, answer.text
    return [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]


def told(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for event in events for one in event.get(kind, [])]


async def test_words_and_sentences_come_among_the_audio(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    events = await events_of(client, timestamps=["word", "sentence"])
    assert source.requests[0].is_timed
    words = told(events, "words")
    assert [word["text"] for word in words] == ["Hello", "there", "Bye", "all", "&", "co"]
    assert words[0] == {"text": "Hello", "start": 0.0, "end": 0.249, "start_char": 0, "end_char": 5}
    assert [(word["start"], word["end"]) for word in words[1:3]] == [(0.249, 0.498), (0.698, 1.198)]
    sentences = told(events, "sentences")
    assert [(one["text"], one["start"], one["end"]) for one in sentences] == [
        ("Hello there.", 0.0, 0.498),
        ("Bye <all> & co!", 0.698, 1.696),
    ]
    assert all(SPOKEN[one["start_char"] : one["end_char"]] == one["text"] for one in words + sentences)


async def test_captions_come_as_soon_as_they_are_known(client: httpx.AsyncClient) -> None:
    events = await events_of(client, timestamps=["word"])
    kinds = [event["type"].removeprefix("speech.audio.") for event in events]
    assert kinds == ["delta", "timestamps", "delta", "delta", "timestamps", "delta", "timestamps", "done"]
    assert [word["text"] for word in events[1]["words"]] == ["Hello"]
    assert "sentences" not in events[1]


async def test_the_audio_is_what_it_is_without(client: httpx.AsyncClient) -> None:
    def audio(events: list[dict[str, Any]]) -> bytes:
        return b"".join(base64.b64decode(event.get("audio", "")) for event in events)

    plain, timed = await events_of(client), await events_of(client, timestamps=["word"])
    assert audio(plain) == audio(timed)
    assert plain[-1] == timed[-1]
    words = told(timed, "words")
    assert max(word["end"] for word in words) <= len(pcm_samples(audio(timed))) / 24_000


async def test_nothing_is_asked_of_the_engine_where_nobody_wants_it(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    assert not told(await events_of(client), "words")
    assert not source.requests[0].is_timed


@pytest.mark.parametrize("pieces", [1, 7, 40])
async def test_times_are_the_same_however_the_audio_comes(
    client: httpx.AsyncClient, source: FakeSource, pieces: int
) -> None:
    expected = told(await events_of(client, timestamps=["word", "sentence"]), "words")
    whole = b"".join(source.pieces)
    size = 2 * (len(whole) // 2 // pieces)
    source.pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    assert told(await events_of(client, timestamps=["word"]), "words") == expected


async def test_words_are_told_as_they_were_written(client: httpx.AsyncClient, source: FakeSource) -> None:
    written = "# Hello *there*\n\nBye &lt;all> &amp; co!"
    source.cues = [TextMark(0, words_of("Hello there.\nBye <all> & co!"))]
    events = await events_of(client, input=written, text_format="markdown", timestamps=["word", "sentence"])
    assert "".join(segment.text for segment in source.requests[0].segments) == "Hello there.\nBye <all> & co!"
    assert [word["text"] for word in told(events, "words")] == ["Hello", "there", "Bye", "all", "&amp", "co"]
    for one in told(events, "words"):
        assert written[one["start_char"] : one["end_char"]] == one["text"]


async def test_a_sentence_whose_last_word_nobody_says_ends_all_the_same(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    text = words_of(SPOKEN)
    source.cues = [TextMark(0, (text[0], *text[2:]))]
    events = await events_of(client, timestamps=["word", "sentence"])
    hello, bye, *_ = told(events, "words")
    first, second = told(events, "sentences")
    assert (first["text"], first["end"]) == ("Hello there.", hello["end"])
    assert (second["text"], second["start"]) == ("Bye <all> & co!", bye["start"])


async def test_what_was_put_in_has_no_place(client: httpx.AsyncClient, source: FakeSource) -> None:
    source.cues = [TextMark(0, words_of("Hello nobody"))]
    events = await events_of(client, timestamps=["word"], input="Hello nobody\u200b")
    assert [word["start_char"] for word in told(events, "words")] == [0, 6]


async def test_a_speech_that_breaks_off_tells_what_was_heard(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    source.breaks_with = SegmentFailed("broke")
    events = await events_of(client, timestamps=["word", "sentence"], subtitle_format="srt")
    assert events[-1]["type"] == "error"
    assert [word["text"] for word in told(events, "words")] == ["Hello", "there", "Bye"]
    assert not any(event["type"] == "speech.audio.subtitles" for event in events)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"timestamps": ["word"]}, "timestamps"),
    ({"timestamps": ["word"], "stream_format": "audio"}, "timestamps"),
    ({"subtitle_format": "srt"}, "subtitle_format"),
    ({"timestamps": [], "stream_format": "sse"}, "timestamps"),
    ({"timestamps": ["letter"], "stream_format": "sse"}, "timestamps"),
    ({"timestamps": "word", "stream_format": "sse"}, "timestamps"),
    ({"timestamps": ["word"] * 3, "stream_format": "sse"}, "timestamps"),
    ({"subtitle_format": "ass", "stream_format": "sse"}, "subtitle_format"),
]


@pytest.mark.parametrize(("changes", "param"), BAD)
async def test_what_cant_be_had_is_refused_by_name(
    client: httpx.AsyncClient, source: FakeSource, changes: dict[str, Any], param: str
) -> None:
    answer = await client.post(SPEAK, json={**HELLO, **changes})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "invalid_parameter", param)
    assert not source.requests


async def test_the_rest_of_a_speech_is_asked_for_without_captions(client: httpx.AsyncClient) -> None:
    begun = await client.post(SPEAK, json={**HELLO, "stream_format": "sse", "timestamps": ["word"]})
    resume = {
        "X-Seed": begun.headers["X-Seed"],
        "X-Fingerprint": begun.headers["X-Fingerprint"],
        "X-Resume-From-Sample": "1000",
    }
    timed = {**HELLO, "stream_format": "sse", "timestamps": ["word"]}
    refused = await client.post(SPEAK, json=timed, headers=resume)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "timestamps")
    rest = await client.post(SPEAK, json={**HELLO, "stream_format": "sse"}, headers=resume)
    assert rest.status_code == 200


async def test_coming_back_by_name_gives_audio_alone(client: httpx.AsyncClient) -> None:
    timed = {**HELLO, "stream_format": "sse", "timestamps": ["word"]}
    bare = await client.post(SPEAK, json=HELLO)
    await client.post(SPEAK, json=timed, headers={"X-Request-Id": "call"})
    rest = await client.get(f"{SPEAK}/call", params={"from_sample": 500})
    assert rest.content == bare.content[1000:]


SRT = (
    "1\n00:00:00,000 --> 00:00:00,498\nHello there.\n\n2\n00:00:00,698 --> 00:00:01,696\nBye ‹all> & co!\n\n"
)
VTT = (
    "WEBVTT\n\n00:00:00.000 --> 00:00:00.498\nHello there.\n\n"
    "00:00:00.698 --> 00:00:01.696\nBye &lt;all&gt; &amp; co!\n\n"
)


@pytest.mark.parametrize(("name", "file"), [("srt", SRT), ("vtt", VTT)])
async def test_subtitles_are_an_event_before_the_end(client: httpx.AsyncClient, name: str, file: str) -> None:
    events = await events_of(client, subtitle_format=name)
    assert events[-2] == {"type": "speech.audio.subtitles", "format": name, "text": file}
    assert not told(events, "words")


@pytest.mark.parametrize(
    ("changes", "media_type", "file"),
    [
        ({}, "application/x-subrip", SRT),
        ({"subtitle_format": "vtt"}, "text/vtt; charset=utf-8", VTT),
        (
            {"response_format": "wav", "stream_format": "sse", "timestamps": ["word"]},
            "application/x-subrip",
            SRT,
        ),
    ],
)
async def test_subtitles_alone_take_the_same_body(
    client: httpx.AsyncClient, source: FakeSource, changes: dict[str, Any], media_type: str, file: str
) -> None:
    answer = await client.post(SUBTITLES, json={**HELLO, **changes, "seed": 5})
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (200, media_type, file)
    assert (answer.headers["x-num-dropped"], answer.headers["x-seed"]) == ("0", "5")
    assert source.speeches[0].closed
    assert source.speeches[0].delivered[-1] == sum(len(piece) // 2 for piece in source.pieces)


async def test_subtitles_of_what_breaks_off_are_an_error(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    source.breaks_with = SegmentFailed("broke")
    answer = await client.post(SUBTITLES, json=HELLO)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "segment_failed")
    assert source.speeches[0].closed


@pytest.mark.parametrize("name", ["pcm", "wav", "flac", "opus", "mp3", "aac"])
async def test_times_are_those_of_the_file_that_is_played(
    client: httpx.AsyncClient, source: FakeSource, name: str
) -> None:
    """Codecs put silence before the audio, and the words come so much later."""
    source.pieces = [silence(50), sound(100)]
    source.cues = [TextMark(0, words_of("Hello")), WordMark(50 * FRAME_SAMPLES, 0)]
    events = await events_of(client, timestamps=["word"], response_format=name)
    audio = b"".join(base64.b64decode(event.get("audio", "")) for event in events)
    samples, rate_hz = (pcm_samples(audio), 24_000) if name == "pcm" else decode(audio)
    (word,) = told(events, "words")
    heard_s = float(np.argmax(np.abs(samples) > 0.1)) / rate_hz
    assert word["start"] == pytest.approx(heard_s, abs=0.004)
    assert word["end"] <= len(samples) / rate_hz
    file = await client.post(SUBTITLES, json={**HELLO, "response_format": name})
    assert f"00:00:00,{round(1000 * word['start']):03} -->" in file.text
