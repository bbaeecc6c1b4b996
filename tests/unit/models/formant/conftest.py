from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.models.formant.support import SHORT_LEAD
from tts_core.engine.stream import StreamLimits
from tts_core.models.formant.engine import FormantEngine


@pytest.fixture
async def engine() -> AsyncIterator[FormantEngine]:
    engine = FormantEngine(StreamLimits())
    await engine.start()
    yield engine
    await engine.stop()


@pytest.fixture
async def tight_engine() -> AsyncIterator[FormantEngine]:
    """One whose streams pause a second ahead of their listeners."""
    engine = FormantEngine(SHORT_LEAD)
    await engine.start()
    yield engine
    await engine.stop()
