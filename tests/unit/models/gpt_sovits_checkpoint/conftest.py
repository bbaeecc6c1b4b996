"""Tiny checkpoints in the official formats, made once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from benchmarks.official_pair import make_pair
from tts_core.models.gpt_sovits.weights import VERSIONS


class Pair(NamedTuple):
    t2s: Path
    sovits: Path


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Pair]:
    """A tiny T2S and SoVITS file of each version."""
    folder = tmp_path_factory.mktemp("pairs")
    return MappingProxyType({version: Pair(*make_pair(version, folder, tiny=True)) for version in VERSIONS})
