"""Captions as files of subtitles: SubRip (SRT) and WebVTT.

A cue is a sentence, or so much of a long one as fits two lines of 42 columns; wide characters take two. A
long sentence is cut behind a mark where that leaves neither part much too short, else between words.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Literal, NamedTuple

from deployments.http.captions import Caption, Captions

SubtitleFormat = Literal["srt", "vtt"]

MEDIA_TYPES: dict[SubtitleFormat, str] = {"srt": "application/x-subrip", "vtt": "text/vtt"}

MAX_COLUMNS = 42
MAX_LINES = 2
_LEAST_S = 0.001
"""For which a cue is shown: players refuse those of no length."""
_MARKS = frozenset(",;:.!?…、，；：。！？—–،؛।")


class Cue(NamedTuple):
    """What is shown from one moment to another."""

    start_s: float
    end_s: float
    lines: list[str]


class _Unit(NamedTuple):
    """A word with the marks and spaces after it."""

    text: str
    start_s: float
    end_s: float


def subtitles(captions: Captions, subtitle_format: SubtitleFormat) -> str:
    """Return the file."""
    cues = [*cues_of(captions)]
    if subtitle_format == "srt":
        return "".join(f"{number}\n{_srt(cue)}\n\n" for number, cue in enumerate(cues, 1))
    return "WEBVTT\n\n" + "".join(f"{_vtt(cue)}\n\n" for cue in cues)


def cues_of(captions: Captions) -> Iterator[Cue]:
    """Yield the cues of a whole speech."""
    words = iter(captions.words)
    word = next(words, None)
    for sentence in captions.sentences:
        own: list[Caption] = []
        while word is not None and word.start < sentence.end:
            own.append(word)
            word = next(words, None)
        for units in _cut([*_units(captions, sentence, own)]):
            text = _tidy("".join(unit.text for unit in units))
            end_s = max(units[-1].end_s, _LEAST_S)
            yield Cue(min(units[0].start_s, end_s - _LEAST_S), end_s, _lines(text))


def _units(captions: Captions, sentence: Caption, words: list[Caption]) -> Iterator[_Unit]:
    """Yield the sentence's text by words, all of it."""
    starts = [sentence.start, *(word.start for word in words[1:]), sentence.end]
    for index, word in enumerate(words):
        text = captions.text(starts[index], starts[index + 1])
        yield _Unit(text, word.start_s, word.end_s)


def _cut(units: list[_Unit]) -> Iterator[list[_Unit]]:
    """Yield so many words at a time as fit a cue."""
    while units:
        count = _num_fitting(units)
        if count < len(units):
            marked = [n for n in range(count // 3 + 1, count + 1) if _ends_in_mark(units[n - 1])]
            count = marked[-1] if marked else count
        yield units[:count]
        units = units[count:]


def _num_fitting(units: list[_Unit]) -> int:
    """Return how many of the words fit; one at least."""
    text = ""
    for count, unit in enumerate(units):
        text += unit.text
        if count and len(_filled(_tidy(text))) > MAX_LINES:
            return count
    return len(units)


def _lines(text: str) -> list[str]:
    """Return lines of much the same length."""
    lines = _filled(text)
    if len(lines) != MAX_LINES:
        return lines
    least = next(width for width in range(1, MAX_COLUMNS + 1) if len(_filled(text, width)) <= MAX_LINES)
    return _filled(text, least)


def _filled(text: str, max_columns: int = MAX_COLUMNS) -> list[str]:
    """Break a text at spaces, and where there is none before a wide character or anywhere."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and _columns((line + piece).rstrip()) > max_columns:
            lines.append(line.rstrip())
            line = ""
        line += piece
        while _columns(line.rstrip()) > max_columns:
            at = _num_within(line, max_columns)
            lines.append(line[:at])
            line = line[at:]
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Cut where a line may break; no line begins with a mark."""
    pieces: list[str] = []
    for char in text:
        is_new = not pieces or (
            (pieces[-1][-1].isspace() or _is_wide(char) or _is_wide(pieces[-1][-1]))
            and not char.isspace()
            and unicodedata.category(char)[0] not in "PM"
        )
        if is_new:
            pieces.append(char)
        else:
            pieces[-1] += char
    return pieces


def _num_within(line: str, max_columns: int) -> int:
    count = 1
    while count < len(line) and _columns(line[: count + 1]) <= max_columns:
        count += 1
    while count < len(line) and unicodedata.category(line[count])[0] == "M":
        count += 1
    return count


def _columns(text: str) -> int:
    return sum(0 if unicodedata.category(char)[0] == "M" else 1 + _is_wide(char) for char in text)


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _tidy(text: str) -> str:
    """Return the text on one line: an empty one would end the cue."""
    return " ".join(text.split())


def _ends_in_mark(unit: _Unit) -> bool:
    return not _MARKS.isdisjoint(unit.text.rstrip()[-2:])


def _srt(cue: Cue) -> str:
    """SubRip has no escapes. What players would take for a tag or a time is written with other characters."""
    text = "\n".join(cue.lines).replace("-->", "→")
    text = re.sub(r"<(?=[/!A-Za-z])", "‹", text)
    text = re.sub(r"\{(?=[\\/A-Za-z])", "(", text)
    return f"{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}\n{text}"


def _vtt(cue: Cue) -> str:
    text = html.escape("\n".join(cue.lines), quote=False)
    return f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n{text}"


def _clock(seconds: float, point: str) -> str:
    ms = round(seconds * 1000)
    minutes, rest = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
