"""What is said of measurements: the figures of a stage, of a crowd, of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.engine.contestants import Contest
from benchmarks.engine.measured import Measured
from benchmarks.engine.ratios import Spread
from benchmarks.engine.work import Ceilings, Roofline
from benchmarks.load.summary import count_underruns, distribution


def stage_figures(one: Measured, ceilings: Ceilings) -> dict[str, Any]:
    """Return a stage's figures; those of its work only where it has one."""
    figures: dict[str, Any] = {
        "stage": one.stage,
        "sizes": one.sizes,
        "timing": asdict(one.timing),
        "tokens_per_s": one.tokens / one.seconds if one.tokens else None,
        "audio_s_per_s": one.audio_s / one.seconds if one.audio_s else None,
    }
    if one.work is not None:
        roofline = Roofline(one.work, one.seconds, ceilings)
        figures["work"] = asdict(one.work)
        figures["roofline"] = {
            "flops_per_s": roofline.flops_per_s,
            "bytes_per_s": roofline.bytes_per_s,
            "bound": roofline.bound,
            "share": roofline.share,
            "share_with_activations": roofline.share_with_activations,
        }
    return figures


def contest_figures(contest: Contest) -> dict[str, Any]:
    """Return a crowd's figures on one engine, over all rounds."""
    heard = [one for visit in contest.visits for one in visit.heard]
    latencies = distribution(one.first_audio_s for one in heard)
    return {
        "engine": contest.contestant,
        "crowd": contest.crowd.name,
        "listeners": len(contest.crowd.arrivals_s),
        "low_latency": contest.crowd.low_latency,
        "rounds": len(contest.visits),
        "num_parked": contest.num_parked,
        "audio_s_per_s": asdict(Spread.of([visit.audio_s_per_s for visit in contest.visits])),
        "cpu_s_per_audio_s": asdict(Spread.of([visit.cpu_s_per_audio_s for visit in contest.visits])),
        "step_s": asdict(Spread.of([visit.step_s for visit in contest.visits])),
        "first_audio_s": None if latencies is None else asdict(latencies),
        "underruns": asdict(count_underruns([one.playback for one in heard])),
        "lowest_headroom_s": min(one.playback.lowest_headroom_s for one in heard),
        "visits": [
            {"wall_s": visit.wall_s, "cpu_s": visit.cpu_s, "audio_s": visit.audio_s}
            for visit in contest.visits
        ],
    }


def pairs_of(contests: Sequence[Contest]) -> list[tuple[Contest, Contest]]:
    """Return the contests two by two: they come in the order in which engines were visited."""
    return list(zip(contests[::2], contests[1::2], strict=True))
