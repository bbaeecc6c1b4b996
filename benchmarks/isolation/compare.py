"""Whether an answer is what it would have been alone, and if not, where it differs and whose bytes it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from benchmarks.isolation.listener import Answer
from benchmarks.isolation.plan import Ask, Visit

Outcome = Literal["whole", "left", "refused", "different", "unanswered"]

_BLOCK_BYTES = 4096
# Sixteen samples of speech are found by chance in no other answer; a silence is, so it proves nothing.
_WINDOW_BYTES = 32
_FEWEST_VALUES = 8
_SEARCHED_BYTES = 512


@dataclass(frozen=True)
class Difference:
    """How an answer differs from the one heard alone.

    Attributes:
        kind: `truncated`, `too_long`, `swapped` (all of it is another request's), `bled` (another request's
            bytes in it), `shifted` (its own bytes in another place), `altered` (bytes of nobody here),
            `not_spoken` (refused, and alone it isn't), `broken_off`, `not_refused`, `refused_otherwise`.
        position: of the first byte that differs.
        other_key: of the request whose bytes these are.
    """

    kind: str
    position: int = 0
    detail: str = ""
    other_key: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What one answer proves. `num_compared` counts bytes that were held against the solo answer."""

    outcome: Outcome
    num_compared: int = 0
    difference: Difference | None = None


class Refusal(NamedTuple):
    """An answer without audio, as a client tells it from others."""

    status: int
    code: str


@dataclass(frozen=True)
class Alone:
    """What every request gave alone, by key: PCM or a refusal."""

    audio: Mapping[int, bytes]
    refusals: Mapping[int, Refusal] = field(default_factory=dict)


def judge(visit: Visit, answer: Answer, alone: Alone) -> Verdict:
    """Compare an answer with what the same request gave alone; a fault is refused as its kind says."""
    if answer.left and answer.status is None:
        return Verdict("left")
    if refusals := _expected_refusals(visit.ask, alone):
        return _judge_refusal(refusals, answer)
    if answer.status == 200:
        return _judge_audio(visit.ask.key, answer, alone.audio)
    if answer.status in (None, 429, 503):
        return Verdict("unanswered")
    return Verdict("different", 0, Difference("not_spoken", detail=_describe(answer)))


def first_difference(a: bytes, b: bytes) -> int | None:
    """Return the first index at which `a` and `b` differ, the shorter's length where one begins the other."""
    if a == b:
        return None
    shorter = min(len(a), len(b))
    for start in range(0, shorter, _BLOCK_BYTES):
        if a[start : start + _BLOCK_BYTES] != b[start : start + _BLOCK_BYTES]:
            pairs = zip(a[start:shorter], b[start:shorter], strict=False)
            return next((start + at for at, (x, y) in enumerate(pairs) if x != y), shorter)
    return shorter


def _expected_refusals(ask: Ask, alone: Alone) -> list[Refusal]:
    """Return the refusals of which one must come; a fault in what is refused anyway may be seen or not."""
    sound = ask.sound or ask
    own = [alone.refusals[sound.key]] if sound.key in alone.refusals else []
    return [Refusal(ask.fault.status, ask.fault.code), *own] if ask.fault else own


def _judge_refusal(refusals: Sequence[Refusal], answer: Answer) -> Verdict:
    if answer.status == 200:
        return Verdict("different", 0, Difference("not_refused", detail=f"{len(answer.data)} bytes of audio"))
    if answer.failure is not None and (answer.status, answer.failure.code) in refusals:
        return Verdict("refused")
    if answer.status in (None, 429, 503):
        return Verdict("unanswered")
    expected = f"not {refusals[0].status}: {refusals[0].code}"
    return Verdict("different", 0, Difference("refused_otherwise", detail=f"{_describe(answer)}, {expected}"))


def _judge_audio(key: int, answer: Answer, solos: Mapping[int, bytes]) -> Verdict:
    heard, solo = answer.data, solos[key]
    at = first_difference(heard, solo)
    if at == len(heard) and answer.left:
        return Verdict("left", len(heard))
    if at is None and answer.failure is None:
        return Verdict("left" if answer.left else "whole", len(heard))
    if at is None or (at == len(heard) and answer.failure is not None):
        difference = Difference("broken_off", len(heard), _describe(answer))
    else:
        difference = _explain(key, answer, at, solos)
    return Verdict("different", len(heard), difference)


def _explain(key: int, answer: Answer, at: int, solos: Mapping[int, bytes]) -> Difference:
    heard, solo = answer.data, solos[key]
    if at == len(heard):
        return Difference("truncated", at, f"{len(heard)} of {len(solo)} bytes")
    for other, theirs in solos.items():
        if other != key and (heard == theirs or (answer.left and theirs.startswith(heard))):
            return Difference("swapped", at, "all of it is another request's", other)
    found = _find_source(key, heard, at, solos)
    if found is not None:
        return found
    if at == len(solo):
        return Difference("too_long", at, f"{len(heard) - len(solo)} bytes more")
    return Difference("altered", at, "bytes of no request of this run")


def _find_source(key: int, heard: bytes, at: int, solos: Mapping[int, bytes]) -> Difference | None:
    """Look for what stands where the answer begins to differ: in the others' answers, then in its own."""
    for start in range(at, min(len(heard), at + _SEARCHED_BYTES), _WINDOW_BYTES):
        window = heard[start : start + _WINDOW_BYTES]
        if len(window) < _WINDOW_BYTES or len(set(window)) < _FEWEST_VALUES:
            continue
        for other, theirs in solos.items():
            if other != key and (place := theirs.find(window)) >= 0:
                return Difference("bled", at, f"bytes from {place} of another request's", other)
        place = solos[key].find(window)
        if place >= 0 and place != start:
            return Difference("shifted", at, f"its own bytes from {place} stand at {start}")
    return None


def _describe(answer: Answer) -> str:
    code = answer.failure.code if answer.failure is not None else "no reason"
    return f"{answer.status}: {code}" if answer.status is not None else code
