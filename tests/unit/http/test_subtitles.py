"""Subtitles that strict parsers read, that fit a screen, and that leave nothing of the text out."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
import srt
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.http.captions import Captions
from deployments.http.subtitles import MAX_COLUMNS, SubtitleFormat, cues_of, subtitles
from tts_core.engine.chunks import AudioChunk
from tts_core.frontend.words import words_of
from tts_core.timing.marks import TextMark

RATE_HZ = 8000
LONG = (
    "When the sunlight strikes raindrops in the air, they act as a prism and form a rainbow, which is a "
    "division of white light into many beautiful colours. It takes the shape of a long round arch."
)
CHINESE = "今天天气很好，我们一起去公园散步吧，然后再去看一场电影，晚上回家吃饭，早点睡觉，明天还要上班。"
HARSH = "1\n\n00:00:01 --> 2 <b>& {\\an8}{b}\n\n7\n\nx <i>y</i> --> z. 12\n"
ANY_TEXT = st.text(st.sampled_from("ab ,.\n-<>&{}/1今。！é\u0301😀"), min_size=1, max_size=300)


def captions_of(text: str, seconds: float = 10.0) -> Captions:
    captions = Captions(text, text, RATE_HZ)
    pcm = (b"\x00\x40\x00\xc0") * int(seconds * RATE_HZ / 2)
    captions.add(AudioChunk(pcm, 0, cues=(TextMark(0, words_of(text)),)))
    captions.finish()
    return captions


def columns(line: str) -> int:
    return sum(2 if "\u1100" <= char <= "\uffef" else 1 for char in line)


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@pytest.mark.parametrize("text", [LONG, CHINESE])
def test_cues_fit_two_lines_and_hold_everything(text: str) -> None:
    cues = [*cues_of(captions_of(text))]
    assert all(1 <= len(cue.lines) <= 2 for cue in cues)
    assert all(columns(line) <= MAX_COLUMNS for cue in cues for line in cue.lines)
    assert letters("".join(line for cue in cues for line in cue.lines)) == letters(text)
    assert not any(line[0] in ",.，。" for cue in cues for line in cue.lines)


def test_sentences_begin_cues_and_long_ones_are_cut_at_marks() -> None:
    cues = [*cues_of(captions_of(LONG))]
    first = [" ".join(cue.lines) for cue in cues]
    assert first[0].endswith("in the air,")
    assert first[-1] == "It takes the shape of a long round arch."
    assert all(len(cue.lines) == 1 or abs(len(cue.lines[0]) - len(cue.lines[1])) < 20 for cue in cues)


def test_cues_are_shown_while_their_words_are_heard() -> None:
    captions = captions_of(LONG)
    cues = [*cues_of(captions)]
    assert cues[0].start_s == captions.words[0].start_s
    assert cues[-1].end_s == captions.words[-1].end_s <= 10.0
    assert all(left.end_s <= right.start_s for left, right in pairwise(cues))


def parsed(captions: Captions, name: SubtitleFormat) -> list[tuple[float, float, str]]:
    """Read a file of subtitles as others do."""
    text = subtitles(captions, name)
    if name == "srt":
        found = srt.parse(text)
        return [(one.start.total_seconds(), one.end.total_seconds(), one.content) for one in found]
    return [
        (_seconds(one.start), _seconds(one.end), one.raw_text)
        for one in webvtt.from_buffer(io.StringIO(text)).captions
    ]


def _seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


@pytest.mark.parametrize("name", ["srt", "vtt"])
@pytest.mark.parametrize("text", [LONG, CHINESE, HARSH])
def test_strict_parsers_read_as_many_cues_as_there_are(name: SubtitleFormat, text: str) -> None:
    captions = captions_of(text)
    cues = [*cues_of(captions)]
    found = parsed(captions, name)
    assert len(found) == len(cues)
    for (start_s, end_s, content), cue in zip(found, cues, strict=True):
        assert (start_s, end_s) == pytest.approx((cue.start_s, cue.end_s), abs=0.0011)
        assert letters(content.replace("lt;", "").replace("gt;", "").replace("amp;", "")) == letters(
            "".join(cue.lines)
        )


def test_nothing_in_a_text_is_markup() -> None:
    captions = captions_of(HARSH)
    assert "<b" not in subtitles(captions, "srt")
    assert "{\\an8" not in subtitles(captions, "srt")
    assert subtitles(captions, "srt").count("-->") == len([*cues_of(captions)])
    assert "&lt;b&gt;&amp;" in subtitles(captions, "vtt").replace(" ", "")


@settings(max_examples=150, deadline=None)
@given(text=ANY_TEXT, name=st.sampled_from(["srt", "vtt"]), seconds=st.floats(0.01, 5))
def test_any_text_becomes_a_file_that_can_be_read(text: str, name: SubtitleFormat, seconds: float) -> None:
    captions = captions_of(text, seconds)
    cues = [*cues_of(captions)]
    found = parsed(captions, name)
    assert len(found) == len(cues)
    assert all(start_s < end_s <= seconds + 0.001 for start_s, end_s, _ in found)
    assert [start_s for start_s, *_ in found] == sorted(start_s for start_s, *_ in found)


def test_silence_has_no_subtitles() -> None:
    captions = Captions("...", "...", RATE_HZ)
    captions.finish()
    assert (subtitles(captions, "srt"), subtitles(captions, "vtt")) == ("", "WEBVTT\n\n")
