"""Sentences of several languages, as chat assistants and games write them: what is read, and in what."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts_core.frontend.pipeline import phonemize

# For a Han character that its dictionary lacks, pyopenjtalk-plus asks SudachiPy, by a method grown old.
pytestmark = pytest.mark.filterwarnings("ignore:Dictionary.create:DeprecationWarning")

_ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "data/spoken_mixed.tsv").read_text("utf-8").splitlines()
    if not line.startswith("# ")
]


@pytest.mark.parametrize(("language", "written", "spoken"), _ROWS, ids=[row[1] for row in _ROWS])
def test_what_is_said(language: str, written: str, spoken: str) -> None:
    read = phonemize(written, language)
    assert " | ".join(f"{span.language}:{span.text.strip()}" for span in read.spans) == spoken
    assert read.num_dropped == 0
