"""The silence between sentences is a request's own where it says so."""

from __future__ import annotations

import math

import pytest

from tests.unit.models.gpt_sovits_engine.support import hear, new_engine, request, speak_alone
from tts_core.errors import InvalidParameter
from tts_core.models.gpt_sovits.loaded_model import LoadedModel

BYTES_PER_SAMPLE = 2


@pytest.mark.parametrize("pause_s", [0.0, 0.05, 1.0])
async def test_a_request_has_its_own_pauses(model: LoadedModel, pause_s: float) -> None:
    engine = new_engine(model)
    await engine.start()
    usual = await hear(engine.generate(request(request_id="usual")))
    own = await hear(engine.generate(request(request_id="own", pause_s=pause_s)))
    await engine.stop()
    samples = round(pause_s * model.sample_rate_hz) - round(0.3 * model.sample_rate_hz)
    assert len(own) - len(usual) == samples * BYTES_PER_SAMPLE
    assert own == speak_alone(model, request(pause_s=pause_s))
    assert own[: len(own) // 3] == usual[: len(own) // 3]


@pytest.mark.parametrize("pause_s", [-1.0, math.nan, math.inf, 61.0, 10**400])
async def test_a_pause_that_is_none_is_refused_before_anything_is_spoken(
    model: LoadedModel, pause_s: float
) -> None:
    engine = new_engine(model)
    await engine.start()
    with pytest.raises(InvalidParameter, match=r"pause_s must be from 0 to 60, not ") as caught:
        engine.generate(request(pause_s=pause_s))
    assert caught.value.param == "pause_s"
    assert engine.stats().num_open == 0
    await engine.stop()
