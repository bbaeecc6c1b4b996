"""The client's voices: what it sends, and what it makes of the answers."""

from __future__ import annotations

import pytest

from polyvox.client import Server
from tests.unit.cli.fake_server import Answer, answering, error_answer, json_answer
from tts_core.errors import UnknownVoice, VoiceExists

TOLD = {"object": "audio.voice", "id": "me"}


def test_a_voice_is_uploaded_as_a_form() -> None:
    with answering(json_answer(200, TOLD)) as server:
        assert Server(server.url).add_voice("me", b"RIFF", "Hello.", "I agree.", "en") == TOLD
        (seen,) = server.seen
    assert seen.path == "/v1/audio/voices"
    assert seen.headers["content-type"].startswith("multipart/form-data")
    for part in (b"RIFF", b"Hello.", b"I agree.", b"en"):
        assert part in seen.body


def test_one_voice_is_asked_for_heard_and_removed_by_name() -> None:
    with answering(json_answer(200, TOLD)) as server:
        assert Server(f"{server.url}/v1", "key").inspect_voice("en-us+f3/x") == TOLD
        assert Server(server.url).remove_voice("me") == TOLD
        paths = [seen.path for seen in server.seen]
    assert paths == ["/v1/audio/voices/en-us%2Bf3%2Fx", "/v1/audio/voices/me"]
    with answering(Answer(media_type="audio/wav")) as server:
        assert Server(server.url).preview_voice("me") == b"first piece, second piece"
        assert server.seen[0].path == "/v1/audio/voices/me/preview?response_format=wav"


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(404, "unknown_voice", UnknownVoice), (409, "voice_exists", VoiceExists)]
)
def test_what_is_wrong_comes_as_the_servers_own_error(status: int, code: str, kind: type[Exception]) -> None:
    with answering(error_answer(status, code, "so it is")) as server, pytest.raises(kind, match="so it is"):
        Server(server.url).add_voice("me", b"", "Hello.", "I agree.")
