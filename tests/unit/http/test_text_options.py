"""What a request says about its text, at the edge of both dialects: heard, checked, and counted."""

from __future__ import annotations

import json
import threading
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from deployments.http.planning import Plan, Planner
from tests.unit.http.fakes import FakeSource
from tts_core.frontend.lexicon import without_marks

SPEAK = {"input": "Hello.", "voice": "en-us"}
TTS = {"text": "Hello.", "text_lang": "en", "ref_audio_path": "en-us"}


async def ask(client: httpx.AsyncClient, dialect: str, text: str, **changes: Any) -> httpx.Response:
    if dialect == "openai":
        return await client.post("/v1/audio/speech", json={**SPEAK, "input": text, **changes})
    if dialect == "post":
        return await client.post("/tts", json={**TTS, "text": text, **changes})
    query = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in changes.items()}
    return await client.get("/tts", params={**TTS, "text": text, **query})


def spoken(source: FakeSource) -> str:
    return "".join(without_marks(segment.text) for segment in source.requests[-1].segments)


def complaint(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()
    if "error" in body:
        return answer.status_code, body["error"]["code"], body["error"]["param"]
    return answer.status_code, body["Exception"], body["message"].partition(":")[0].partition(" ")[0]


every_dialect = pytest.mark.parametrize("dialect", ["openai", "post", "get"])


@every_dialect
async def test_text_is_plain_until_said_otherwise(
    client: httpx.AsyncClient, source: FakeSource, dialect: str
) -> None:
    text = "# *Plain* [text](http://x.y) [read](/R EH1 D/)"
    answer = await ask(client, dialect, text)
    assert spoken(source) == text
    assert answer.headers["x-num-dropped"] == "0"
    assert source.requests[-1].lexicon == source.requests[-1].inline_phones == ()


@every_dialect
async def test_markdown_is_stripped_on_request(
    client: httpx.AsyncClient, source: FakeSource, dialect: str
) -> None:
    answer = await ask(
        client, dialect, "# Hi\n\n**Dear** [you](http://x.y)\n```\nab\n```", text_format="markdown"
    )
    assert spoken(source) == "Hi.\nDear you."
    assert answer.headers["x-num-dropped"] == "8"


@every_dialect
async def test_emoji_are_dropped_or_named(
    client: httpx.AsyncClient, source: FakeSource, dialect: str
) -> None:
    answer = await ask(client, dialect, "Well done 🎉\u200b!")
    assert (spoken(source), answer.headers["x-num-dropped"]) == ("Well done!", "2")
    answer = await ask(client, dialect, "Well done 🎉!", emoji="name")
    assert (spoken(source), answer.headers["x-num-dropped"]) == ("Well done, party popper!", "0")


async def test_emoji_are_named_in_the_language_of_the_text_or_else_of_the_voice(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    for changes, name in (
        ({"language": "zh"}, "红心"),
        ({}, "red heart"),
        ({"language": "auto"}, "red heart"),
    ):
        await ask(client, "openai", "Love ❤️", emoji="name", voice="alloy", **changes)
        assert name in spoken(source)
    answer = await ask(client, "openai", "Love ❤️", emoji="name", language="sw")
    assert complaint(answer) == (400, "invalid_parameter", "emoji")


@every_dialect
async def test_words_and_inline_phones_reach_the_engine(
    client: httpx.AsyncClient, source: FakeSource, dialect: str
) -> None:
    text = "I [read](/R EH1 D/) Zork."
    await ask(client, dialect, text, lexicon={"Zork": "Z AO1"}, inline_phones=True)
    assert spoken(source) == "I read Zork."
    assert source.requests[-1].inline_phones == (("read", "R EH1 D"),)
    assert source.requests[-1].lexicon == (("Zork", "Z AO1"),)


async def test_inline_phones_are_in_one_segment(client: httpx.AsyncClient, source: FakeSource) -> None:
    text = "Say [New York. City? Yes](/N UW1/) now. " * 12
    await ask(client, "openai", text, inline_phones=True)
    assert len(source.requests[-1].segments) == 12
    for segment in source.requests[-1].segments:
        assert without_marks(segment.text) == "Say New York. City? Yes now. "


@every_dialect
@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"text_format": "html"}, "text_format"),
        ({"emoji": "sing"}, "emoji"),
        ({"inline_phones": "perhaps"}, "inline_phones"),
        ({"lexicon": "Zork"}, "lexicon"),
        ({"lexicon": "[1]"}, "lexicon"),
        ({"lexicon": {"Zork": ""}}, "lexicon"),
        ({"lexicon": {"Zork": 1}}, "lexicon"),
        ({"lexicon": {"x" * 61: "K"}}, "lexicon"),
        ({"lexicon": {"Zork": "K" * 401}}, "lexicon"),
        ({"lexicon": {f"w{index}": "K" for index in range(21)}}, "the"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_name(
    client: httpx.AsyncClient, dialect: str, changes: dict[str, Any], param: str
) -> None:
    status, code, named = complaint(await ask(client, dialect, "Hello.", **changes))
    assert (status, code) == (400, "invalid_parameter")
    assert named == param or (dialect == "openai" and param == "the" and named == "lexicon")


@every_dialect
async def test_absent_null_and_empty_are_the_same(
    client: httpx.AsyncClient, source: FakeSource, dialect: str
) -> None:
    empty = None if dialect == "openai" else ""
    changes = dict.fromkeys(("text_format", "emoji", "inline_phones", "lexicon"), empty)
    assert (await ask(client, dialect, "Hello.", **changes)).status_code == 200


async def test_nothing_but_code_is_nothing_to_say(client: httpx.AsyncClient) -> None:
    answer = await ask(client, "openai", "```\nx = 1\n```", text_format="markdown")
    assert complaint(answer) == (400, "empty_input", "input")
    assert complaint(await ask(client, "openai", "🎉\u200b")) == (400, "empty_input", "input")


async def test_the_last_event_counts_what_the_engine_could_not_speak_too(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    source.num_dropped = 5
    answer = await ask(client, "openai", "Hello 🎉.", stream_format="sse")
    done = json.loads(answer.text.strip().rsplit("data: ", 1)[1])
    assert (done["type"], done["num_dropped"]) == ("speech.audio.done", 6)
    assert (await ask(client, "post", "Hello 🎉.")).headers["x-num-dropped"] == "6"


@pytest.mark.parametrize(
    ("text", "changes", "elsewhere"),
    [
        ("Hello there.", {}, False),
        ("# Hello", {"text_format": "markdown"}, True),
        ("Hello there. " * 30, {}, True),
    ],
)
async def test_what_takes_more_than_a_moment_is_planned_beside_the_event_loop(
    client: httpx.AsyncClient, text: str, changes: dict[str, str], elsewhere: bool
) -> None:
    planned_in: list[threading.Thread] = []
    original = Planner.plan

    def plan(*arguments: Any) -> Plan:
        planned_in.append(threading.current_thread())
        return original(*arguments)

    with patch.object(Planner, "plan", plan):
        assert (await ask(client, "openai", text, **changes)).status_code == 200
    (thread,) = planned_in
    assert (thread is not threading.current_thread()) is elsewhere
