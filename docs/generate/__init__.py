"""The reference pages of the documentation, made from the code that they describe."""

from __future__ import annotations

from pathlib import Path

from docs.generate import commands, configuration, errors, http

PAGES = {
    "http.md": http.page,
    "configuration.md": configuration.page,
    "commands.md": commands.page,
    "errors.md": errors.page,
}


def write_pages(folder: Path) -> None:
    """Write every page that has changed, so that nothing is built twice."""
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        path, text = folder / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
