"""The page of a run: one HTML file with its data, style and drawing code inside, nothing fetched."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.load.metrics import METRICS, OWN_METRICS, Metric
from benchmarks.load.playback import Playback, Stall, headroom_curve

_PAGE = Path(__file__).parent / "page"
# More lines or rows than this are a smear; the ones that fared worst are kept and the page says so.
MAX_CURVES = 200
MAX_ROWS = 600
_BINS_PER_DECADE = 8


def write_page(document: dict[str, Any], path: Path) -> None:
    """Write the page of `document` to `path`."""
    path.write_text(render_page(document), "utf-8")


def render_page(document: dict[str, Any]) -> str:
    """Return the page as HTML."""
    page = (_PAGE / "page.html").read_text("utf-8")
    data = json.dumps(page_data(document), ensure_ascii=False, separators=(",", ":"))
    parts = {
        "/*STYLE*/": (_PAGE / "page.css").read_text("utf-8"),
        "/*CODE*/": "\n".join(
            (_PAGE / name).read_text("utf-8") for name in ("draw.js", "charts.js", "page.js")
        ),
        # Whatever a server put into a message must not end the script element.
        "/*DATA*/": data.replace("<", "\\u003c"),
    }
    for mark, text in parts.items():
        page = page.replace(mark, text)
    return page


def page_data(document: dict[str, Any]) -> dict[str, Any]:
    """Return what the page draws: the document without its chunks, and with curves and bins made of them."""
    requests = document["requests"]
    heard = [request for request in requests if request["role"] == "listener"]
    played = sorted(
        (request for request in heard if request["playback"]),
        key=lambda request: float(request["playback"]["lowest_headroom_s"]),
    )
    kept = ("began_at", "interrupted", "generator_lagging", "settings", "machine", "summary")
    return {
        **{name: document[name] for name in kept},
        "warnings": document["generator"]["warnings"],
        "figures": _figures(METRICS, document),
        "own_figures": _figures(OWN_METRICS, document),
        "requests": [_row(request) for request in requests],
        "max_rows": MAX_ROWS,
        "curves": [_curve(request) for request in played[:MAX_CURVES]],
        "num_played": len(played),
        "gaps": gap_bins(gap for request in heard for gap in _gaps_s(request)),
    }


def gap_bins(gaps_s: Iterable[float]) -> list[tuple[float, float, int]]:
    """Count gaps in logarithmic bins; return (low, high, count) from the first bin used to the last, seconds.

    Anything shorter than 0.1 ms arrived together and is left out.
    """
    counts: dict[int, int] = {}
    for gap_s in gaps_s:
        if gap_s >= 1e-4:
            position = math.floor(math.log10(gap_s) * _BINS_PER_DECADE + 1e-9)
            counts[position] = counts.get(position, 0) + 1
    if not counts:
        return []
    edges = range(min(counts), max(counts) + 1)
    return [(_edge_s(at), _edge_s(at + 1), counts.get(at, 0)) for at in edges]


def _edge_s(position: int) -> float:
    return float(10.0 ** (position / _BINS_PER_DECADE))


def _gaps_s(request: dict[str, Any]) -> list[float]:
    return [later[0] - earlier[0] for earlier, later in pairwise(request["chunks"])]


def _figures(metrics: tuple[Metric, ...], document: dict[str, Any]) -> dict[str, str]:
    return {metric.label: metric.show(metric.value(document)) for metric in metrics}


def _row(request: dict[str, Any]) -> dict[str, Any]:
    playback = request["playback"] or {}
    return {
        **{key: value for key, value in request.items() if key not in ("chunks", "playback")},
        "stalls": playback.get("stalls", []),
        "lowest_headroom_s": playback.get("lowest_headroom_s"),
    }


def _curve(request: dict[str, Any]) -> dict[str, Any]:
    described = request["playback"]
    playback = Playback(
        described["start_s"],
        tuple(Stall(*stall) for stall in described["stalls"]),
        described["lowest_headroom_s"],
    )
    corners = headroom_curve([(chunk[0], chunk[2]) for chunk in request["chunks"]], playback)
    points = [(round(at_s, 4), round(level_s, 4)) for at_s, level_s in corners]
    return {"index": request["index"], "points": points, "ran_dry": bool(playback.stalls)}
