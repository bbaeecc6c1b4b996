"""The table of formats: names, rates, and what is refused."""

from __future__ import annotations

import pytest

from tts_core.audio.formats import FORMATS, AudioFormat, parse_format
from tts_core.errors import UnsupportedFormat


@pytest.mark.parametrize("name", ["mp3", "wav", "flac", "opus", "aac", "pcm", "ogg", " MP3 "])
def test_names_are_read_in_any_case(name: str) -> None:
    assert parse_format(name).value == name.strip().lower()


@pytest.mark.parametrize("name", ["", "wma", "mp3;", "audio/mpeg"])
def test_unknown_names_are_refused_with_the_list_of_known_ones(name: str) -> None:
    with pytest.raises(UnsupportedFormat) as caught:
        parse_format(name)
    assert all(known.value in caught.value.message for known in AudioFormat)


def test_every_format_has_a_row() -> None:
    assert set(FORMATS) == set(AudioFormat)


@pytest.mark.parametrize(
    ("fmt", "wanted_hz", "chosen_hz"),
    [
        (AudioFormat.OPUS, 24_000, 24_000),
        (AudioFormat.OPUS, 22_050, 24_000),
        (AudioFormat.OPUS, 32_000, 48_000),
        (AudioFormat.OPUS, 96_000, 48_000),
        (AudioFormat.MP3, 22_050, 22_050),
        (AudioFormat.MP3, 40_000, 44_100),
        (AudioFormat.AAC, 4_000, 8_000),
        (AudioFormat.WAV, 12_345, 12_345),
    ],
)
def test_an_unknown_rate_becomes_the_next_that_loses_nothing(
    fmt: AudioFormat, wanted_hz: int, chosen_hz: int
) -> None:
    assert FORMATS[fmt].nearest_rate_hz(wanted_hz) == chosen_hz
