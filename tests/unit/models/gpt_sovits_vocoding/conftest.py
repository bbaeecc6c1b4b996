from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import pytest

from tests.support.threads import one_thread
from tests.unit.models.gpt_sovits.builders import tiny_sovits
from tts_core.models.gpt_sovits.sovits import SoVITS


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="session")
def sovits_of() -> Callable[[str], SoVITS]:
    return lru_cache(tiny_sovits)


@pytest.fixture(scope="session")
def sovits(sovits_of: Callable[[str], SoVITS]) -> SoVITS:
    return sovits_of("v2")
