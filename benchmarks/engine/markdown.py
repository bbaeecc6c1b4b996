"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.engine.sheets import Sheet


def to_markdown(sheets: Iterable[Sheet]) -> str:
    """Return a page of tables."""
    return "# The engine, measured\n" + "".join(f"\n{_section(sheet)}" for sheet in sheets)


def _section(sheet: Sheet) -> str:
    sides = ("---" if index < sheet.num_text_columns else "---:" for index in range(len(sheet.columns)))
    lines = [sheet.columns, list(sides), *sheet.rows]
    table = "\n".join(map(_line, lines))
    note = f"{sheet.note}\n\n" if sheet.note else ""
    return f"## {sheet.title}\n\n{note}{table}\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
