from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.unit.http.gpt_sovits.support import Voices, connect


@pytest.fixture
def voices() -> Voices:
    return Voices()


@pytest.fixture
async def ingress(voices: Voices) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(voices) as client:
        yield client
