"""What a person at the terminal sees."""

from __future__ import annotations

from typing import Any

from rich.table import Table

_MIB = 1 << 20
_COLUMNS = (
    "language",
    "characters/s, first text",
    "later text",
    "cold start",
    "of it CPU",
    "memory",
    "in the end",
)
_NOTE = (
    "Characters per second of one core's time, once loaded. Cold start: from nothing to the phones of the"
    " first sentence, in a new process. Memory: what the language adds to the process; in the end, with its"
    " caches and with English."
)


def table_of(document: dict[str, Any]) -> Table:
    """Return the table of a run: medians over its rounds."""
    table = Table(title="Text to phones", caption=_NOTE, caption_justify="left")
    for index, column in enumerate(_COLUMNS):
        table.add_column(column, justify="right" if index else "left")
    for name, measured in document["languages"].items():
        table.add_row(name, *(_cells(measured["median"]) if "median" in measured else (measured["error"],)))
    return table


def _cells(median: dict[str, float]) -> tuple[str, ...]:
    return (
        f"{median['first_chars_per_s']:,.0f}",
        f"{median['later_chars_per_s']:,.0f}",
        f"{median['cold_s']:.2f} s",
        f"{median['cold_cpu_s']:.2f} s",
        f"{(median['bytes_loaded'] - median['bytes_before']) / _MIB:.0f} MiB",
        f"{(median['bytes_after'] - median['bytes_before']) / _MIB:.0f} MiB",
    )
