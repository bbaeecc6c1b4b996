"""What a person at the terminal sees."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.engine.sheets import Sheet


def print_sheets(console: Console, sheets: Iterable[Sheet]) -> None:
    """Print tables, each with its note below."""
    for sheet in sheets:
        table = Table(title=sheet.title, caption=escape(sheet.note) or None, caption_justify="left")
        for index, column in enumerate(sheet.columns):
            table.add_column(column, justify="left" if index < sheet.num_text_columns else "right")
        for row in sheet.rows:
            table.add_row(*map(escape, row))
        console.print(table)
