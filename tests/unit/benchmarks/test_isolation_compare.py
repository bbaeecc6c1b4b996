"""Verdicts on single answers: each way to wrong a listener has its own name."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from benchmarks.isolation.compare import Alone, Refusal, Verdict, first_difference, judge
from benchmarks.isolation.faults import FAULTS
from benchmarks.isolation.listener import Answer, retry_after_s
from benchmarks.isolation.plan import Ask, Leave, Visit
from benchmarks.load.failures import Failure

MINE, THEIRS = Random(1).randbytes(20_000), Random(2).randbytes(30_000)
SOLOS = Alone({0: MINE, 1: THEIRS}, {3: Refusal(400, "empty_input")})
BODY: dict[str, Any] = {"model": "m", "voice": "ann", "input": "Hello."}


def verdict(
    data: bytes = b"", status: int | None = 200, code: str | None = None, *, left: bool = False
) -> Verdict:
    failure = Failure(code, "said so") if code else None
    answer = Answer(0.0, 1.0, data, status, failure, left)
    return judge(Visit(0, Ask(0, BODY), 0.0, Leave(after_bytes=1) if left else None), answer, SOLOS)


def refusal(status: int | None, code: str | None) -> Verdict:
    fault = FAULTS[0]
    answer = Answer(0.0, 1.0, b"", status, Failure(code, "no") if code else None)
    return judge(Visit(0, Ask(2, {**BODY, **fault.changes}, fault), 0.0), answer, SOLOS)


@pytest.mark.parametrize("at", [0, 1, 4095, 4096, 4097, 19_999])
def test_the_first_difference_is_found_to_the_byte(at: int) -> None:
    wrong = bytearray(MINE)
    wrong[at] ^= 1
    wrong[-1] ^= 2
    assert first_difference(bytes(wrong), MINE) == at
    assert first_difference(MINE[:at], MINE) == first_difference(MINE, MINE[:at]) == at


def test_equal_to_the_end_is_whole_and_to_the_hang_up_is_left() -> None:
    assert verdict(MINE) == Verdict("whole", 20_000)
    assert verdict(MINE[:777], left=True) == Verdict("left", 777)
    assert verdict(b"", status=None, left=True) == Verdict("left", 0)
    assert verdict(MINE, left=True) == Verdict("left", 20_000)


@pytest.mark.parametrize(
    ("data", "kind", "position", "other"),
    [
        (MINE[:9000] + THEIRS[9000:9100] + MINE[9100:], "bled", 9000, 1),
        (MINE[:9000] + THEIRS[500:], "bled", 9000, 1),
        (MINE + THEIRS[:100], "bled", 20_000, 1),
        (THEIRS, "swapped", 0, 1),
        (MINE[:9000] + MINE[9002:], "shifted", 9000, None),
        (b"\0" * 9 + MINE, "shifted", 0, None),
        (MINE + MINE[:64], "shifted", 20_000, None),
        (MINE[:19_998], "truncated", 19_998, None),
        (b"", "truncated", 0, None),
        (MINE + b"\0\0", "too_long", 20_000, None),
        (MINE[:100] + b"\0" * 64 + MINE[164:], "altered", 100, None),
    ],
)
def test_each_wrong_has_its_name_and_place(data: bytes, kind: str, position: int, other: int | None) -> None:
    found = verdict(data)
    assert found.outcome == "different"
    assert found.difference is not None
    assert (found.difference.kind, found.difference.other_key) == (kind, other)
    # A shifted or foreign byte may happen to be the one that belongs there.
    assert position <= found.difference.position <= position + 2


def test_a_hang_up_excuses_no_wrong_byte() -> None:
    assert verdict(THEIRS[:500], left=True).difference is not None
    bled = verdict(MINE[:500] + THEIRS[500:600], left=True).difference
    assert bled is not None
    assert bled.kind == "bled"
    longer = verdict(MINE + THEIRS[:40], left=True)
    assert longer.outcome == "different"


@pytest.mark.parametrize("data", [MINE[:100], MINE])
def test_an_answer_without_its_end_is_broken_off(data: bytes) -> None:
    difference = verdict(data, code="truncated").difference
    assert difference is not None
    assert (difference.kind, difference.position) == ("broken_off", len(data))


@pytest.mark.parametrize(
    ("status", "code", "outcome", "kind"),
    [
        (500, "segment_failed", "different", "not_spoken"),
        (404, "unknown_voice", "different", "not_spoken"),
        (429, "overloaded", "unanswered", None),
        (503, "engine_stopped", "unanswered", None),
        (None, "connect_failed", "unanswered", None),
    ],
)
def test_what_is_spoken_alone_must_be_spoken(
    status: int | None, code: str, outcome: str, kind: str | None
) -> None:
    found = verdict(b"", status, code)
    assert (found.outcome, found.difference and found.difference.kind) == (outcome, kind)


@pytest.mark.parametrize(
    ("status", "code", "outcome", "kind"),
    [
        (404, "unknown_voice", "refused", None),
        (400, "unknown_voice", "different", "refused_otherwise"),
        (404, "unknown_model", "different", "refused_otherwise"),
        (500, "internal_error", "different", "refused_otherwise"),
        (200, None, "different", "not_refused"),
        (429, "overloaded", "unanswered", None),
    ],
)
def test_what_must_be_refused_has_its_stable_code(
    status: int, code: str | None, outcome: str, kind: str | None
) -> None:
    found = refusal(status, code)
    assert (found.outcome, found.difference and found.difference.kind) == (outcome, kind)


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [(400, "empty_input", "refused"), (400, "invalid_parameter", "different"), (200, None, "different")],
)
def test_what_is_refused_alone_is_refused_alike(status: int, code: str | None, outcome: str) -> None:
    answer = Answer(0.0, 1.0, b"", status, Failure(code, "no") if code else None)
    assert judge(Visit(0, Ask(3, BODY), 0.0), answer, SOLOS).outcome == outcome
    assert judge(Visit(0, Ask(3, BODY), 0.0), Answer(0.0, left=True), SOLOS).outcome == "left"


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3.0), ("0", 0.0), ("-1", 0.0), (None, 1.0), ("tomorrow", 1.0)]
)
def test_retry_after_is_read(header: str | None, seconds: float) -> None:
    assert retry_after_s(header) == seconds
