"""Every link leads somewhere, wherever the page is read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.docs.pages import DOCS, README, ROOT, WRITTEN, Link, anchors, links


def _fault(link: Link) -> str | None:
    """Return what is wrong with a link within the project."""
    path, _, anchor = link.target.partition("#")
    found = (link.page.parent / path).resolve() if path else link.page
    if not (found.parent == DOCS / "reference" or found.is_file()):
        return f"there is no {path}"
    if anchor and anchor not in anchors(found):
        return f"{found.name} has no heading #{anchor}; it has {', '.join(sorted(anchors(found)))}"
    return None


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project(page: Path) -> None:
    own = [link for link in links(page) if "://" not in link.target]
    faults = {f"line {link.line}: {link.target}": _fault(link) for link in own}
    assert {where: fault for where, fault in faults.items() if fault} == {}


def test_the_readme_needs_nothing_that_git_ignores() -> None:
    """It is read on the web, where there is a checkout and nothing that was built."""
    own = {link.target.partition("#")[0] for link in links(README) if "://" not in link.target}
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *own],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no checkout")
    assert own - set(listed.stdout.splitlines()) == set()


def test_a_wrong_link_is_noticed() -> None:
    assert _fault(Link(README, 1, "docs/text.md#languages")) is None
    assert _fault(Link(README, 1, "docs/nothing.md")) is not None
    assert _fault(Link(README, 1, "docs/text.md#nothing")) is not None
