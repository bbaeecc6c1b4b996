"""What requests say about their text and words, heard from both engines behind the real server."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.support.listeners import SPEAK, body, listen, listen_together
from tests.support.server import RunningServer

MARKDOWN = "# Well *done* 🎉\n\nSee [this](http://example.com/x).\n\n```py\nprint(1)\n```\n"


async def test_markdown_and_emoji_leave_what_would_be_said_without_them(server: RunningServer) -> None:
    plain = await listen(server.url, "Well done.\nSee this.")
    marked = await listen(server.url, MARKDOWN, text_format="markdown")
    named = await listen(server.url, MARKDOWN, text_format="markdown", emoji="name")
    assert marked.status == named.status == 200
    assert marked.data == plain.data
    assert len(named.data) > len(plain.data)


def test_what_is_not_spoken_is_counted_in_the_answer(server: RunningServer) -> None:
    request = body(MARKDOWN, text_format="markdown", stream_format="sse")
    answer = httpx.post(server.url + SPEAK, json=request, timeout=30)
    done = json.loads(answer.text.strip().rsplit("data: ", 1)[1])
    assert int(answer.headers["x-num-dropped"]) == done["num_dropped"] == 24


@pytest.mark.parametrize(
    ("text", "changes", "param"),
    [
        ("Zork.", {"lexicon": {"Zork": "Z AO1 R K"}}, "lexicon"),
        ("[Zork](/Z AO1 R K/).", {"inline_phones": True}, "inline_phones"),
    ],
)
def test_an_engine_that_takes_no_phones_says_so(
    server: RunningServer, text: str, changes: dict[str, Any], param: str
) -> None:
    answer = httpx.post(server.url + SPEAK, json=body(text, **changes), timeout=30)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "invalid_parameter", param)


@pytest.fixture
def url(neural_url: str) -> str:
    return neural_url


def wish(text: str, **changes: Any) -> dict[str, Any]:
    fixed = {"voice": "ann", "model": "mine", "seed": 1, "ignore_eos": True, "max_tokens": 25}
    return {"text": text, **fixed, **changes}


async def test_words_sound_as_given_and_for_nobody_else(url: str) -> None:
    requests = [
        wish("They like the Zork."),
        wish("They like the Zork.", lexicon={"zork": "K AE1 T"}),
        wish("They like the [Zork](/K AE1 T/).", inline_phones=True),
        wish("They like the cat."),
        wish("They like the Zork.", lexicon={"Zork": "B L AO1 R B"}),
        wish("They like the Blorb."),
    ]
    alone = [(await listen(url, **request)).data for request in requests]
    spelled, given, inline, cat, blorb, server_word = alone
    assert given == inline == cat
    assert blorb == server_word
    assert len({spelled, given, blorb}) == 3
    together = await listen_together(url, requests[1:5])  # as many as there are slots
    assert [heard.data for heard in together] == alone[1:5]


@pytest.mark.parametrize(
    ("text", "changes", "param"),
    [
        ("Hello Zork.", {"lexicon": {"Zork": "Z QQ1"}}, "lexicon"),
        ("Hello.", {"lexicon": {"Zork": "Z QQ1"}}, "lexicon"),
        ("Hello [Zork](/zork/).", {"inline_phones": True}, "input"),
    ],
)
def test_what_is_no_reading_is_refused_by_name(
    url: str, text: str, changes: dict[str, Any], param: str
) -> None:
    request = body(text, model="mine", voice="ann", **changes)
    error = httpx.post(url + SPEAK, json=request, timeout=30).json()["error"]
    assert (error["code"], error["param"]) == ("invalid_parameter", param)
    assert "Zork" in error["message"]
    query = {"text": text, "text_lang": "en", "ref_audio_path": "ann"}
    if "lexicon" in changes:
        query["lexicon"] = json.dumps(changes["lexicon"])
        assert httpx.get(f"{url}/tts", params=query, timeout=30).status_code in (400, 404)


def test_letters_that_the_language_lacks_are_counted_at_the_end(url: str) -> None:
    request = body("Hello привет 🎉.", model="mine", voice="ann", stream_format="sse", max_tokens=25)
    answer = httpx.post(url + SPEAK, json={**request, "ignore_eos": True}, timeout=60)
    done = json.loads(answer.text.strip().rsplit("data: ", 1)[1])
    assert answer.headers["x-num-dropped"] == "1"
    assert done["num_dropped"] == 7
