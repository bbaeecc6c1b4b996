from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import pytest
import torch

from tests.unit.models.gpt_sovits.builders import tiny_sovits
from tts_core.models.gpt_sovits.sovits import SoVITS


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """As the engine's thread has it, or other threads would compute otherwise."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def sovits_of() -> Callable[[str], SoVITS]:
    return lru_cache(tiny_sovits)


@pytest.fixture(scope="session")
def sovits(sovits_of: Callable[[str], SoVITS]) -> SoVITS:
    return sovits_of("v2")
