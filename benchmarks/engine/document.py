"""The JSON file of a run.

Schema `polyvox.engine/1`. Times are seconds, sizes bytes.

    schema
    settings        the run as told; of the weights' place only the folder's name
    machine         began_at, platform, cpu, cpus, cpu_flags, caches, memory_bytes, load_average, device
    software        python, torch, cuda, cpu_capability, threads, environment, commit, has_changes
    model           folder, version, fingerprint, dtype, bytes by part, modules by class
    memory          by moment: resident_bytes, and cuda_peak_bytes on a GPU
    stages          null, or:
        ceilings        flops_per_s, bytes_per_s, stream_bytes_per_s: the higher of before and after
        measurements    the two of them
        stages          one object for each stage in each size: see `figures.stage_figures`
        budgets         rows, parts (seconds for a second of audio), total_s, audio_s_per_s
    load            null, or one object for each crowd and engine: see `figures.contest_figures`
    determinism     null, or for each crowd: first (fixed shapes), second (free ones): the same figures;
                    ratios: see `ratios.Ratios`
    stalled         the same: beside listeners who have stalled, and without
    alone           the same for one listener: with the use of a second core, and without
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.engine.contestants import Contest
from benchmarks.engine.figures import contest_figures, pairs_of, stage_figures
from benchmarks.engine.ratios import compare
from benchmarks.engine.run import Results, StageResults

SCHEMA = "polyvox.engine/1"


def build_document(results: Results) -> dict[str, Any]:
    """Return a run as plain values."""
    return {
        "schema": SCHEMA,
        "settings": results.settings.describe(),
        "machine": results.machine,
        "software": results.software,
        "model": results.model,
        "memory": results.memory,
        "stages": None if results.stages is None else _stages(results.stages),
        "load": None if results.load is None else [contest_figures(one) for one in results.load],
        "determinism": _pairs(results.determinism),
        "stalled": _pairs(results.stalled),
        "alone": _pairs(results.alone),
    }


def write_document(document: dict[str, Any], path: Path) -> None:
    """Write the JSON file."""
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _pairs(contests: Sequence[Contest] | None) -> list[dict[str, Any]] | None:
    if contests is None:
        return None
    return [
        {
            "first": contest_figures(first),
            "second": contest_figures(second),
            "ratios": asdict(compare(first.visits, second.visits)),
        }
        for first, second in pairs_of(contests)
    ]


def _stages(stages: StageResults) -> dict[str, Any]:
    return {
        "ceilings": asdict(stages.highest),
        "measurements": [asdict(one) for one in stages.ceilings],
        "stages": [stage_figures(one, stages.highest) for one in stages.measured],
        "budgets": [
            {**asdict(one), "total_s": one.total_s, "audio_s_per_s": one.audio_s_per_s}
            for one in stages.budgets
        ],
    }
