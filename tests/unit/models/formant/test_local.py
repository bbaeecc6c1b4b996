"""Speaking without a server."""

from __future__ import annotations

import pytest

from tests.unit.models.formant.support import SENTENCE, make_request
from tts_core.errors import UnknownVoice
from tts_core.models.formant.local import speak, voices


def test_speaks_and_lists_voices() -> None:
    pieces: list[bytes] = []
    rate_hz = speak(make_request(SENTENCE), pieces.append)
    assert 2 < sum(map(len, pieces)) / 2 / rate_hz < 5
    assert "en-us" in {voice.id for voice in voices()}


def test_errors_reach_the_caller() -> None:
    with pytest.raises(UnknownVoice):
        speak(make_request(SENTENCE, voice="nobody"), lambda pcm: None)
