"""The tables of a run, for the terminal and for Markdown alike. They are made from the document alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
Rows = Sequence[Sequence[str]]

_STAGES_NOTE = (
    "Bytes are weights, read once, and keys and values; FLOPs are of products, convolutions and attention. "
    "Padding and margins don't count. The share is of the nearer ceiling; the last column is the same if "
    "every product's inputs and outputs went through memory too, so that above 100 % caches kept them."
)
_BUDGET_NOTE = (
    "What a second of one listener's audio costs the engine's thread, with so many in step: the sentence's "
    "prompt, its decode steps, latents and windows. Reading text and voices isn't in it."
)
_LOAD_NOTE = (
    "Medians over rounds, with the least and the most. A burst comes all at once; in a spread they come one "
    "by one, and seconds of audio per second say how fast they came. First audio over all listeners of all "
    "rounds. CPU is of the whole process."
)
_PAIRS_NOTE = (
    "The same crowds in turn on an engine with fixed shapes and noise of its own, and on one without them. "
    "Costs are of the first in terms of the second, pair by pair: 1.02 is 2 % more. The last column compares "
    "the first engine with itself, one round later."
)
_STALLED_NOTE = (
    "The same crowds in turn on an engine where others have stopped reading in the middle of a segment, half "
    "as many as there are slots, and on one where nobody else is. A crowd that takes every slot had theirs. "
    "The other columns as above."
)
_ALONE_NOTE = (
    "One listener, in turn on an engine that shares decode steps and windows with a second core, and on one "
    "that has one core. Nothing else is to run beside it. The other columns as above."
)


@dataclass(frozen=True)
class Sheet:
    """A table. The first columns are text, the others numbers."""

    title: str
    columns: Sequence[str]
    rows: Rows
    note: str = ""
    num_text_columns: int = 1


def sheets_of(document: Document) -> Iterator[Sheet]:
    """Yield the tables of all parts that were made."""
    yield Sheet("Conditions", ("", ""), list(_conditions(document)), num_text_columns=2)
    stages = document["stages"]
    if stages is not None:
        rows = list(_ceilings(stages))
        yield Sheet("What the machine can do", ("", "before", "after"), rows, _ceilings_note(stages))
        columns = (
            "stage",
            "size",
            "time",
            "tokens/s",
            "audio s/s",
            "GFLOP/s",
            "GB/s",
            "bound by",
            "of ceiling",
            "with activations",
        )
        rows = [_stage(one) for one in stages["stages"]]
        yield Sheet("Stages", columns, rows, _STAGES_NOTE, num_text_columns=2)
        yield _budgets(stages["budgets"])
    if document["load"] is not None:
        yield _load(document["load"])
    if document["determinism"] is not None:
        yield _pairs(document["determinism"], "What bit identity costs", ("fixed", "free"), _PAIRS_NOTE)
    if document["stalled"] is not None:
        names = ("stalled", "nobody")
        yield _pairs(document["stalled"], "What stalled listeners cost", names, _STALLED_NOTE)
    if document["alone"] is not None:
        yield _pairs(
            document["alone"], "What one listener costs with a second core", ("two", "one"), _ALONE_NOTE
        )


def _conditions(document: Document) -> Iterator[tuple[str, str]]:
    machine, software, model = (document[name] for name in ("machine", "software", "model"))
    caches = ", ".join(f"{level} {size}" for level, size in machine["caches"].items())
    yield "processor", f"{machine['cpu']}, {machine['cpus']} CPUs, {caches}"
    yield "instructions", " ".join(machine["cpu_flags"])
    yield "device", f"{machine['device']}; load average {machine['load_average']} at the beginning"
    yield "software", f"torch {software['torch']}, Python {software['python']}, {machine['platform']}"
    yield "threads", f"{software['threads']} ({software['cpu_capability']})"
    sizes = ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in model["bytes"].items())
    yield "weights", f"{model['folder']}, {model['version']} in {model['dtype']}: {sizes}"
    changed = " with changes" if software["has_changes"] else ""
    yield "commit", f"{software['commit']}{changed}, {machine['began_at']}"
    yield "sentence", f"{document['settings']['tokens']} tokens"
    for moment, memory in document["memory"].items():
        yield moment, ", ".join(f"{value / 1e6:,.0f} MB {name[:-6]}" for name, value in memory.items())


def _ceilings(stages: Document) -> Iterator[tuple[str, ...]]:
    labels = {
        "flops_per_s": "product of large matrices, GFLOP/s",
        "bytes_per_s": "reading a buffer of the weights' size, GB/s",
        "stream_bytes_per_s": "reading a buffer beyond all caches, GB/s",
    }
    for name, label in labels.items():
        yield label, *(f"{one[name] / 1e9:,.1f}" for one in stages["measurements"])


def _ceilings_note(stages: Document) -> str:
    """Say whether the machine had other things to do: on a CPU, time and CPU time should be the same."""
    timings = [one["timing"] for one in stages["stages"]]
    share = sum(one["cpu_s"] for one in timings) / sum(one["median_s"] for one in timings)
    return f"Stages took {share:.2f} seconds of CPU a second. Far below the number of threads, others had it."


def _stage(one: Document) -> tuple[str, ...]:
    size = ", ".join(f"{name} {value}" for name, value in one["sizes"].items())
    rates = (_number(one[name], 1) for name in ("tokens_per_s", "audio_s_per_s"))
    line = one["stage"], size, _time(one["timing"]["median_s"]), *rates
    roofline = one.get("roofline")
    if roofline is None:
        return *line, "", "", "", "", ""
    return (
        *line,
        _number(roofline["flops_per_s"] / 1e9, 1),
        _number(roofline["bytes_per_s"] / 1e9, 1),
        roofline["bound"],
        _percent(roofline["share"]),
        _percent(roofline["share_with_activations"]),
    )


def _budgets(budgets: Sequence[Document]) -> Sheet:
    columns = ("ms for a second of audio", *(f"rows {one['rows']}" for one in budgets))
    rows = [
        (part, *(_budget_cell(one["parts"][part], one["total_s"]) for one in budgets))
        for part in budgets[0]["parts"]
    ]
    rows.append(("total", *(f"{one['total_s'] * 1e3:.1f}" for one in budgets)))
    rows.append(("audio s/s", *(f"{one['audio_s_per_s']:.2f}" for one in budgets)))
    return Sheet("A second of audio", columns, rows, _BUDGET_NOTE)


def _budget_cell(seconds: float, total_s: float) -> str:
    return f"{seconds * 1e3:.1f} ({_percent(seconds / total_s)})"


def _load(contests: Sequence[Document]) -> Sheet:
    columns = (
        "crowd",
        "engine",
        "audio s/s",
        "CPU s per audio s",
        "first audio p50",
        "p95",
        "underruns",
        "stalled",
    )
    return Sheet("Listeners", columns, [_contest(one) for one in contests], _LOAD_NOTE, num_text_columns=2)


def _contest(one: Document) -> tuple[str, ...]:
    first = one["first_audio_s"]
    return (
        _crowd(one),
        one["engine"],
        _spread(one["audio_s_per_s"]),
        _spread(one["cpu_s_per_audio_s"], 3),
        _time(first["p50"]),
        _time(first["p95"]),
        str(one["underruns"]["total"]),
        _time(one["underruns"]["stalled_s"]),
    )


def _pairs(pairs: Sequence[Document], title: str, names: tuple[str, str], note: str) -> Sheet:
    speeds = (f"{name}, audio s/s" for name in names)
    columns = ("crowd", *speeds, "time", "CPU", "decode step", f"{names[0]} against itself")
    rows = [
        (
            _crowd(one["first"]),
            *(_spread(one[side]["audio_s_per_s"]) for side in ("first", "second")),
            *(_spread(one["ratios"][name], 3) for name in ("wall", "cpu", "step", "noise")),
        )
        for one in pairs
    ]
    return Sheet(title, columns, rows, note)


def _crowd(one: Document) -> str:
    low_latency = ", low latency" if one["low_latency"] else ""
    return f"{one['listeners']} in a {one['crowd']}{low_latency}"


def _spread(spread: Document | None, digits: int = 2) -> str:
    if spread is None:
        return "–"
    median, low, high = (f"{spread[name]:.{digits}f}" for name in ("median", "low", "high"))
    return f"{median} ({low} to {high})"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f} ms" if seconds < 0.1 else f"{seconds * 1e3:,.0f} ms"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
