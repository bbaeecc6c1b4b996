"""What a person at the terminal sees: a line while it runs, tables when it is done."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.isolation.plan import describe_request

_MAX_ROWS = 20
_MAX_NEIGHBOURS = 6
_VERDICTS = {
    "isolated": "[bold green]isolated[/]: every answer is, byte for byte, what it is alone",
    "different": "[bold red]NOT isolated[/]: {num_different} answers differ from what they are alone",
    "not_proven": "[bold yellow]not proven[/]: {num_unanswered} requests got no answer; "
    "{bytes_compared:,} bytes compared",
}


class LiveProgress:
    """A bar for each phase. Call it as the runner's progress, inside its context."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description:9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> LiveProgress:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, doing: str, done: int, total: int) -> None:
        if doing not in self._bars:
            self._bars[doing] = self._progress.add_task(doing, total=total)
        self._progress.update(self._bars[doing], completed=done)


def print_report(console: Console, document: dict[str, Any]) -> None:
    """Print the table, what differs and what wasn't answered, and the verdict."""
    summary = document["summary"]
    console.print(_figures(summary))
    if document["differences"]:
        console.print(_differences(document["differences"]))
    if document["unanswered"]:
        console.print(_unanswered(document["unanswered"]))
    console.print(_VERDICTS[document["outcome"]].format(**summary))


def _figures(summary: dict[str, Any]) -> Table:
    table = Table(title="isolation", show_header=False)
    table.add_column(min_width=34)
    table.add_column(justify="right", min_width=12)
    put_off = ", ".join(f"{count} x {status}" for status, count in summary["put_off"].items())
    for label, value in (
        ("concurrent requests", f"{summary['num_requests']:,}"),
        ("distinct, each also made alone", f"{summary['num_distinct']:,}"),
        ("of these refused even alone", f"{summary['num_refused_alone']:,}"),
        ("voices compared", f"{summary['num_voices']:,}"),
        ("at once, at most", f"{summary['most_at_once']:,}"),
        ("equal to the end", f"{summary['num_whole']:,}"),
        ("cancelled, equal as far as heard", f"{summary['num_left']:,}"),
        ("of these before any audio", f"{summary['num_left_before_audio']:,}"),
        ("refused, as they must be or alone", f"{summary['num_refused']:,}"),
        ("put off and made again", f"{summary['num_put_off']:,}" + (f" ({put_off})" if put_off else "")),
        ("bytes compared", f"{summary['bytes_compared']:,}"),
        ("audio compared", f"{summary['audio_s_compared']:,.1f} s"),
        ("alone, together", f"{summary['solo_s']:.1f} s, {summary['crowd_s']:.1f} s"),
        ("without an answer", f"{summary['num_unanswered']:,}"),
        ("different", f"{summary['num_different']:,}"),
    ):
        table.add_row(label, value)
    return table


def _differences(differences: list[dict[str, Any]]) -> Table:
    columns = ("#", "request", "what", "first at byte", "heard / alone", "beside it")
    table = Table(*columns, title=_title("differences", differences), border_style="red", show_lines=True)
    for one in differences[:_MAX_ROWS]:
        other = f"\n{describe_request(one['other_request'])}" if one["other_request"] else ""
        sizes = "\n".join(
            f"{one[f'{whose}_bytes']:,} B, {one[f'{whose}_audio_s']:.2f} s" for whose in ("heard", "solo")
        )
        what = escape(f"{one['kind']}: {one['detail']}{other}")
        table.add_row(
            str(one["index"]),
            escape(describe_request(one["request"])),
            what,
            f"{one['position']:,}",
            sizes,
            escape(_neighbours(one["beside"])),
        )
    return table


def _unanswered(unanswered: list[dict[str, Any]]) -> Table:
    table = Table("#", "request", "why", title=_title("without an answer", unanswered), border_style="yellow")
    for one in unanswered[:_MAX_ROWS]:
        table.add_row(str(one["index"]), escape(describe_request(one["request"])), escape(one["reason"]))
    return table


def _title(name: str, rows: list[dict[str, Any]]) -> str:
    return f"{name} (the first {_MAX_ROWS} of {len(rows)})" if len(rows) > _MAX_ROWS else name


def _neighbours(beside: list[dict[str, Any]]) -> str:
    shown = ", ".join(f"#{one['index']} {one['voice']}" for one in beside[:_MAX_NEIGHBOURS])
    more = len(beside) - _MAX_NEIGHBOURS
    return f"{shown} and {more} more" if more > 0 else shown or "nobody"
