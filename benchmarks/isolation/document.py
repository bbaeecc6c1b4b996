"""The report of a run as plain values.

Schema `polyvox.isolation/1`. Times are seconds since the run began.

    schema, began_at, settings, machine
    outcome         "isolated", "different" or "not_proven"
    summary         see `summarise`
    differences     one object for each answer that differs:
        index, request (the body), kind, position, detail
        heard_bytes, solo_bytes, heard_audio_s, solo_audio_s, heard_wall_s, solo_wall_s, left
        other_request   the body of the request whose bytes were heard, or null
        beside          [{index, model, voice, input, role, from_s, until_s}, ...] who was being answered too
    unanswered      [{index, request, reason}, ...]
    requests        one object for each concurrent request, in the order of the plan:
        index, key, role ("listener", "leaver", "faulty"), fault, outcome, began_s, ended_s, status, code,
        num_bytes, left, put_off, waited_s
    solos           one object for each distinct request:
        key, request, status, code, num_bytes, sha256, wall_s
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from benchmarks.isolation.listener import Answer
from benchmarks.isolation.runner import Attended, IsolationResult
from benchmarks.isolation.settings import IsolationSettings

SCHEMA = "polyvox.isolation/1"
BYTES_PER_S = 48_000
"""PCM of the OpenAI dialect: 16 bits, mono, 24 kHz."""


def build_document(settings: IsolationSettings, result: IsolationResult) -> dict[str, Any]:
    """Return the whole run, ready for JSON and the terminal."""
    different = [one for one in result.attended if one.verdict.outcome == "different"]
    unanswered = [one for one in result.attended if one.verdict.outcome == "unanswered"]
    summary = summarise(result)
    asks = [one.visit.ask.sound or one.visit.ask for one in result.attended]
    bodies = {ask.key: ask.body for ask in asks}
    return {
        "schema": SCHEMA,
        "began_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "settings": settings.describe(),
        "machine": {
            "python": platform.python_version(),
            "platform": platform.platform(),
            "cpus": os.cpu_count(),
        },
        "outcome": _outcome(summary),
        "summary": summary,
        "differences": [_describe_difference(one, result, bodies) for one in different],
        "unanswered": [
            {"index": one.visit.index, "request": one.visit.ask.body, "reason": _reason(one.answer)}
            for one in unanswered
        ],
        "requests": [_describe(one) for one in result.attended],
        "solos": [_describe_solo(key, bodies[key], solo) for key, solo in sorted(result.solos.items())],
    }


def summarise(result: IsolationResult) -> dict[str, Any]:
    """Return the figures of the table, in its order."""
    attended = result.attended
    outcomes = Counter(one.verdict.outcome for one in attended)
    compared = [one for one in attended if one.verdict.num_compared]
    left = [one for one in attended if one.verdict.outcome == "left"]
    put_off = [status for one in attended for status in one.answer.put_off]
    return {
        "num_requests": len(attended),
        "num_distinct": len(result.solos),
        "num_refused_alone": sum(solo.status != 200 for solo in result.solos.values()),
        "num_voices": len({(one.visit.ask.body["model"], one.visit.ask.body["voice"]) for one in compared}),
        "most_at_once": _most_at_once(attended),
        "num_whole": outcomes["whole"],
        "num_left": len(left),
        "num_left_before_audio": sum(not one.answer.data for one in left),
        "num_refused": outcomes["refused"],
        "num_different": outcomes["different"],
        "num_unanswered": outcomes["unanswered"],
        "num_put_off": sum(bool(one.answer.put_off) for one in attended),
        "put_off": {str(status): count for status, count in Counter(put_off).items()},
        "waited_s": round(sum(one.answer.waited_s for one in attended), 3),
        "bytes_compared": sum(one.verdict.num_compared for one in attended),
        "audio_s_compared": round(sum(one.verdict.num_compared for one in attended) / BYTES_PER_S, 3),
        "solo_s": round(result.solo_s, 3),
        "crowd_s": round(result.crowd_s, 3),
    }


def _outcome(summary: dict[str, Any]) -> str:
    """One difference disproves; to prove, every request must have been answered and something compared."""
    if summary["num_different"]:
        return "different"
    return "not_proven" if summary["num_unanswered"] or not summary["bytes_compared"] else "isolated"


def _most_at_once(attended: Sequence[Attended]) -> int:
    edges = [(one.answer.began_s, 1) for one in attended] + [(one.answer.ended_s, -1) for one in attended]
    num_open = most = 0
    for _, change in sorted(edges):
        num_open += change
        most = max(most, num_open)
    return most


def _role(one: Attended) -> str:
    if one.visit.ask.fault is not None:
        return "faulty"
    return "listener" if one.visit.leave is None else "leaver"


def _reason(answer: Answer) -> str:
    return f"{answer.failure.code}: {answer.failure.message}" if answer.failure else f"status {answer.status}"


def _describe(one: Attended) -> dict[str, Any]:
    visit, answer = one.visit, one.answer
    return {
        "index": visit.index,
        "key": visit.ask.key,
        "role": _role(one),
        "fault": visit.ask.fault.name if visit.ask.fault else None,
        "outcome": one.verdict.outcome,
        "began_s": round(answer.began_s, 4),
        "ended_s": round(answer.ended_s, 4),
        "status": answer.status,
        "code": answer.failure.code if answer.failure else None,
        "num_bytes": len(answer.data),
        "left": answer.left,
        "put_off": answer.put_off,
        "waited_s": answer.waited_s,
    }


def _describe_solo(key: int, body: dict[str, Any], solo: Answer) -> dict[str, Any]:
    return {
        "key": key,
        "request": body,
        "status": solo.status,
        "code": solo.failure.code if solo.failure else None,
        "num_bytes": len(solo.data),
        "sha256": hashlib.sha256(solo.data).hexdigest(),
        "wall_s": round(solo.ended_s - solo.began_s, 4),
    }


def _describe_difference(
    one: Attended, result: IsolationResult, bodies: dict[int, dict[str, Any]]
) -> dict[str, Any]:
    difference, answer = one.verdict.difference, one.answer
    assert difference is not None
    solo = result.solos.get(one.visit.ask.key)
    solo_bytes = len(solo.data) if solo else 0
    return {
        "index": one.visit.index,
        "request": one.visit.ask.body,
        "kind": difference.kind,
        "position": difference.position,
        "detail": difference.detail,
        "heard_bytes": len(answer.data),
        "solo_bytes": solo_bytes,
        "heard_audio_s": round(len(answer.data) / BYTES_PER_S, 4),
        "solo_audio_s": round(solo_bytes / BYTES_PER_S, 4),
        "heard_wall_s": round(answer.ended_s - answer.began_s, 4),
        "solo_wall_s": round(solo.ended_s - solo.began_s, 4) if solo else None,
        "left": answer.left,
        "other_request": bodies.get(difference.other_key) if difference.other_key is not None else None,
        "beside": [_describe_neighbour(other) for other in result.attended if _were_together(one, other)],
    }


def _were_together(one: Attended, other: Attended) -> bool:
    mine, theirs = one.answer, other.answer
    return one is not other and mine.began_s < theirs.ended_s and theirs.began_s < mine.ended_s


def _describe_neighbour(other: Attended) -> dict[str, Any]:
    body = other.visit.ask.body
    return {
        "index": other.visit.index,
        **{name: body[name] for name in ("model", "voice", "input")},
        "role": _role(other),
        "from_s": round(other.answer.began_s, 4),
        "until_s": round(other.answer.ended_s, 4),
    }
