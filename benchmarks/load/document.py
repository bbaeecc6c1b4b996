"""The JSON file of a run: raw timestamps first, everything else can be computed again.

Schema `polyvox.load/1`. All times are seconds; those of requests count from the start of the run.

    schema          "polyvox.load/1"
    began_at        ISO 8601, UTC
    interrupted     true if the run was stopped early
    generator_lagging   true if figures are partly the generator's own; see generator.warnings
    settings        the run as told: target, pace, chaos, listening, seed, lag_share (never the API key)
    machine         python, platform, cpus
    summary         see `summary.Summary`; distributions are {count, min, mean, p50, p95, p99, max} or null
    rounds          of a run in bursts, see `rounds.Round`; empty for any other
    generator       see `honesty.GeneratorReport`
    requests        one object each, in the order of the plan:
        index, role ("listener", "stall", "hangup"), voice, lang, num_chars
        scheduled_s, sent_s, headers_s, first_byte_s, first_audio_s, audible_s, end_s    null if it never came
        audible_offset_s    where in the audio the first audible sample lies
        status, code, message    code is null for a success
        num_bytes, audio_s, truncated, acted
        chunks          [[arrival_s, num_bytes, audio_s received so far], ...]
        ttfa_s, rtf, longest_gap_s    derived
        playback        null without audio, else {start_s, num_underruns, stalled_s, lowest_headroom_s,
                        stalls: [[at_s, for_s], ...]}
"""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.load.honesty import judge_generator
from benchmarks.load.record import RequestRecord
from benchmarks.load.rounds import summarise_rounds
from benchmarks.load.runner import LoadResult
from benchmarks.load.settings import LoadSettings, SettingsError
from benchmarks.load.summary import play, summarise

SCHEMA = "polyvox.load/1"


def build_document(settings: LoadSettings, result: LoadResult) -> dict[str, Any]:
    """Return the whole run as plain values, ready for JSON, the terminal and the page."""
    preroll_s = settings.listening.preroll_s
    summary = summarise(
        result.records,
        pace=settings.pace,
        num_planned=result.num_planned,
        wall_s=result.wall_s,
        preroll_s=preroll_s,
    )
    generator = judge_generator(result.own_load, result.records, summary, settings.lag_share)
    began_at = datetime.fromtimestamp(result.began_at_unix_s, timezone.utc)
    return {
        "schema": SCHEMA,
        "began_at": began_at.isoformat(timespec="seconds"),
        "interrupted": result.interrupted,
        "generator_lagging": generator.generator_lagging,
        "settings": settings.describe(),
        "machine": {
            "python": platform.python_version(),
            "platform": platform.platform(),
            "cpus": os.cpu_count(),
        },
        "summary": asdict(summary),
        "rounds": [asdict(one) for one in summarise_rounds(result.records, settings.pace.burst, preroll_s)],
        "generator": asdict(generator),
        "requests": [_describe(record, preroll_s) for record in result.records],
    }


def write_document(document: dict[str, Any], path: Path) -> None:
    """Write the JSON file."""
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def read_document(path: Path) -> dict[str, Any]:
    """Read a file that `write_document` wrote.

    Raises:
        SettingsError: it can't be read, or is of another schema.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"can't read {path}: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise SettingsError(f"{path} is not a load run of schema {SCHEMA}")
    return document


def _describe(record: RequestRecord, preroll_s: float) -> dict[str, Any]:
    played = play(record, preroll_s)
    playback = played and {
        "start_s": round(played.start_s, 6),
        "num_underruns": played.num_underruns,
        "stalled_s": round(played.stalled_s, 6),
        "lowest_headroom_s": round(played.lowest_headroom_s, 6),
        "stalls": [[round(stall.at_s, 6), round(stall.for_s, 6)] for stall in played.stalls],
    }
    derived = {"ttfa_s": record.ttfa_s, "rtf": record.rtf, "longest_gap_s": record.longest_gap_s}
    rounded = {name: value if value is None else round(value, 6) for name, value in derived.items()}
    return {**record.describe(), **rounded, "playback": playback}
