"""What a person at the terminal sees: a bar while it runs, tables when it is done."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.load.metrics import METRICS, OWN_METRICS, Metric
from benchmarks.load.record import RequestRecord

# Drawing runs in this process and delays what it measures, so seldom is often enough.
_REFRESH_PER_S = 4
_RECENT = 50


class LiveProgress:
    """The bar: requests done, in flight, failed, and the recent TTFA. An `Observer` and a context manager."""

    def __init__(self, console: Console, num_planned: int) -> None:
        self._progress = Progress(
            TextColumn("[bold]listening"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            refresh_per_second=_REFRESH_PER_S,
            disable=not console.is_terminal,
        )
        self._bar = self._progress.add_task("", total=num_planned, note="")
        self._num_open = self._num_failed = 0
        self._recent_ttfa_s: list[float] = []

    def __enter__(self) -> LiveProgress:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def began(self, record: RequestRecord) -> None:
        """Count a listener in."""
        self._num_open += 1
        self._show(0)

    def ended(self, record: RequestRecord) -> None:
        """Count a listener out."""
        self._num_open -= 1
        self._num_failed += record.code is not None
        if record.is_listener and record.ttfa_s is not None:
            self._recent_ttfa_s = [*self._recent_ttfa_s[1 - _RECENT :], record.ttfa_s]
        self._show(1)

    def _show(self, advance: int) -> None:
        note = f"{self._num_open} in flight"
        if self._num_failed:
            note += f" · [red]{self._num_failed} failed[/red]"
        if self._recent_ttfa_s:
            recent = sorted(self._recent_ttfa_s)
            note += f" · TTFA {recent[len(recent) // 2] * 1e3:.0f} ms"
        self._progress.update(self._bar, advance=advance, note=note)


def print_summary(console: Console, document: dict[str, Any]) -> None:
    """Print the figures, the errors and the generator's word on itself."""
    console.print(_figures("the server", METRICS, document))
    if document.get("rounds"):
        console.print(_rounds(document["rounds"]))
    if document["summary"]["errors"]:
        console.print(_errors(document))
    console.print(_figures("the generator itself", OWN_METRICS, document))
    if document["interrupted"]:
        console.print("[yellow]The run was interrupted; the figures cover what had been sent.[/yellow]")
    if document["generator_lagging"]:
        text = "\n".join(f"• {warning}" for warning in document["generator"]["warnings"])
        title = "the generator was lagging: part of the figures is its own"
        console.print(Panel(text, title=title, style="yellow"))


def print_comparison(console: Console, names: tuple[str, str], documents: tuple[Any, Any]) -> None:
    """Print two runs side by side with the ratio second / first, coloured by which way is better."""
    table = Table("", *names, "ratio", title="comparison")
    for column in table.columns[1:]:
        column.justify = "right"
    for metric in METRICS:
        first, second = (metric.value(document) for document in documents)
        table.add_row(metric.label, metric.show(first), metric.show(second), _ratio(metric, first, second))
    console.print(table)
    for name, document in zip(names, documents, strict=True):
        if document["generator_lagging"]:
            console.print(f"[yellow]{name}: the generator was lagging.[/yellow]")


def _figures(title: str, metrics: tuple[Metric, ...], document: dict[str, Any]) -> Table:
    table = Table(title=title, show_header=False)
    table.add_column(min_width=24)
    table.add_column(justify="right", min_width=12)
    for metric in metrics:
        table.add_row(metric.label, metric.show(metric.value(document)))
    return table


def _rounds(rounds: list[dict[str, Any]]) -> Table:
    columns = ("round", "first audio p50", "p95", "audio per second", "underruns", "errors")
    table = Table(*columns, title="bursts")
    for column in table.columns:
        column.justify = "right"
    for number, one in enumerate(rounds, 1):
        first = one["first_audio_s"] or {}
        latencies = (f"{first[name] * 1e3:,.0f} ms" if first else "–" for name in ("p50", "p95"))
        rate = f"{one['audio_s_per_s']:.2f} s/s"
        table.add_row(str(number), *latencies, rate, str(one["underruns"]["total"]), str(one["num_failed"]))
    return table


def _errors(document: dict[str, Any]) -> Table:
    table = Table("code", "count", "an example", title="errors", border_style="red")
    messages = {request["code"]: request["message"] for request in document["requests"]}
    for code, count in document["summary"]["errors"].items():
        table.add_row(escape(code), str(count), escape(messages[code] or ""))
    return table


def _ratio(metric: Metric, first: float | None, second: float | None) -> str:
    if first is None or second is None:
        return "–"
    if first == second:
        return "1.00"
    # The sign of a headroom may change: there a ratio says nothing.
    ratio = f"{second / first:.2f}" if first > 0 and second >= 0 else "n/a"
    if metric.better is None:
        return ratio
    improved = second < first if metric.better == "lower" else second > first
    return f"[green]{ratio} better[/green]" if improved else f"[red]{ratio} worse[/red]"
