"""Reference pages name everything that the code has."""

from __future__ import annotations

import pytest

from deployments.config import GPTSoVITSArgs, IngressArgs
from deployments.http.errors import STATUS_OF_CODE
from docs.generate import PAGES
from docs.generate.markdown import cell, prose, table


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("http.md", ["POST /v1/audio/speech", "GET /tts", "POST /tts", "response_format", "text_lang"]),
        ("configuration.md", [*GPTSoVITSArgs.model_fields, *IngressArgs.model_fields]),
        ("commands.md", ["polyvox say", "polyvox voices add", "polyvox weights pull", "--local"]),
        ("errors.md", [*STATUS_OF_CODE]),
    ],
)
def test_everything_is_there(page: str, names: list[str]) -> None:
    text = PAGES[page]()
    assert [name for name in names if f"`{name}" not in text] == []


def test_text_stays_within_its_cell() -> None:
    assert cell("a | b\n c [d](e) `f[0]`") == "a \\| b c \\[d](e) `f[0]`"
    assert table(("x",), []) == ""


def test_sections_for_programmers_are_left_out() -> None:
    assert (
        prose("Says\n    this.\n\n    And that.\n\n    Args:\n        no: this.\n")
        == "Says this.\n\nAnd that."
    )
