"""A hub with small files under the names that v2Pro needs."""

from __future__ import annotations

import random
from collections.abc import Iterator

import huggingface_hub.constants
import pytest

from tests.unit.models.gpt_sovits_weights.fake_hub import FakeHub, running
from tts_core.models.gpt_sovits.weights import weights_layout

SMALL = ("config.json", "preprocessor_config.json", "tokenizer.json")


def content_of(name: str) -> bytes:
    size = 300 if name.endswith(SMALL) else 60_000
    return random.Random(name).randbytes(size)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    # Downloads are kept in pieces of 10 MB, and resumed at their borders; these files are smaller.
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    files = {name: content_of(name) for name in weights_layout("v2Pro").files}
    with running(FakeHub(files)) as served:
        yield served
