"""Engines of one process leave each other what they pass through when they speak."""

from __future__ import annotations

import gc
from unittest.mock import patch

import pytest
import torch

from tests.unit.models.gpt_sovits_engine.support import new_engine
from tts_core.engine import assembly
from tts_core.engine.memory import GIB, Item, MemoryPlan
from tts_core.engine.workspaces import WORKSPACES, Workspaces
from tts_core.errors import SetupError
from tts_core.models.gpt_sovits.loaded_model import LoadedModel

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
PLAN = MemoryPlan(
    (Item("weights", 3 * GIB, is_held=True), Item("KV", 2 * GIB), Item("workspace", GIB, is_passing=True)),
    num_own=GIB,
)


class Owner:
    """Somebody to whom memory is promised."""


def test_a_promise_lasts_as_long_as_its_owner() -> None:
    workspaces = Workspaces()
    one, other = Owner(), Owner()
    workspaces.promise(one, CUDA, 5)
    workspaces.promise(other, CUDA, 7)
    assert (workspaces.promised(CUDA), workspaces.promised(CPU)) == (12, 0)
    del one
    gc.collect()
    assert workspaces.promised(CUDA) == 7


def test_what_others_pass_through_is_not_free() -> None:
    assert PLAN.num_passing == GIB
    PLAN.check(4 * GIB, num_promised=GIB)
    with pytest.raises(SetupError, match=r"less 2.0 GiB that models beside it speak with.*max_loaded_models"):
        PLAN.check(4 * GIB, num_promised=2 * GIB)


def test_all_that_are_to_be_held_must_fit_when_the_first_one_starts() -> None:
    PLAN.check(11 * GIB, num_more=2)  # 3 of its own, and twice 3 with weights of 1
    with pytest.raises(SetupError, match=r"3 such models at once .* 11.0 GiB, .*lower max_loaded_models"):
        PLAN.check(11 * GIB - 1, num_more=2)


async def test_an_engine_keeps_its_workspace_until_it_is_gone(model: LoadedModel) -> None:
    before = WORKSPACES.promised(CPU)
    engine = new_engine(model)
    await engine.start()
    promised = WORKSPACES.promised(CPU) - before
    assert promised > 0
    with (
        patch.object(assembly, "free_memory", return_value=before + promised),
        pytest.raises(SetupError, match="models beside it"),
    ):
        await new_engine(model).start()
    await engine.stop()
    gc.collect()
    assert WORKSPACES.promised(CPU) == before


@pytest.mark.usefixtures("cold_start")
async def test_an_engine_that_has_stopped_leaves_without_the_collector(model: LoadedModel) -> None:
    """What it holds is gigabytes, and the next model needs the room now."""
    before = WORKSPACES.promised(CPU)
    engine = new_engine(model)
    gc.collect()
    gc.disable()
    try:
        await engine.start()
        await engine.stop()
        del engine
        assert WORKSPACES.promised(CPU) == before
    finally:
        gc.enable()
