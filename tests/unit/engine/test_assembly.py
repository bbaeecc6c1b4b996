"""How an engine is put together: shapes by device, nothing left over, every shape tried, streams apart."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, cast
from unittest.mock import MagicMock, Mock, patch

import pytest
import torch

from tts_core.engine import assembly
from tts_core.engine.assembly import EngineOptions, assemble
from tts_core.engine.costs import Costs
from tts_core.engine.engine import Engine
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.outlet import Outlet
from tts_core.engine.shapes import Shapes
from tts_core.engine.streams import SideStream
from tts_core.engine.warm_up import warm_up
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import SpeakingOptions
from tts_core.models.gpt_sovits.vocoding import WINDOW_FRAMES

pytestmark = pytest.mark.usefixtures("cold_start")

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
OPTIONS = EngineOptions(num_slots=3, speaking=SpeakingOptions(max_len=256))


def assembled(model: LoadedModel, options: EngineOptions = OPTIONS) -> Engine:
    outlet, costs = cast(Outlet, Mock()), Costs(options.num_slots)
    return assemble(model, options, lambda sequence: None, outlet, costs, Mock())


# Shapes


def test_a_gpu_has_few_shapes_and_a_cpu_small_ones() -> None:
    assert Shapes.for_device(CPU, 8) == Shapes(min_rows=1, kv_multiple=64, window_rows=1)
    assert Shapes.for_device(CUDA, 8) == Shapes(min_rows=8, kv_multiple=256, window_rows=4)


def test_every_decode_step_has_one_of_the_shapes() -> None:
    shapes, num_slots, max_len = Shapes(min_rows=2, kv_multiple=64), 4, 200
    known = set(shapes.decode_shapes(num_slots, max_len))
    assert known == {(rows, kv_len) for rows in (2, 3, 4) for kv_len in (64, 128, 192, 200)}
    for used in range(1, num_slots + 1):
        for length in range(1, max_len + 1):
            assert (shapes.num_rows(used, num_slots), shapes.kv_len(length, max_len)) in known


def test_a_gpu_has_one_shape_for_each_length() -> None:
    shapes = Shapes.for_device(CUDA, 8)
    assert list(shapes.decode_shapes(8, 600)) == [(8, 600), (8, 512), (8, 256)]


def test_windows_are_scheduled_as_they_are_generated(model: LoadedModel) -> None:
    shapes = Shapes(window_rows=3)
    with patch.object(Shapes, "for_device", return_value=shapes):
        engine = assembled(model)
    assert engine._scheduler._window_rows == engine._runner.shapes.window_rows == 3


# Streams beyond slots


@pytest.mark.parametrize(
    ("num_slots", "max_streams", "most_streams", "num_shelves"),
    [(4, None, 6, 3), (1, None, 2, 2), (5, None, 8, 4), (4, 4, 4, 0), (4, 3, 3, 0), (4, 5, 5, 2)],
)
def test_there_are_shelves_for_those_who_have_no_slot(
    num_slots: int, max_streams: int | None, most_streams: int, num_shelves: int
) -> None:
    options = EngineOptions(num_slots=num_slots, max_streams=max_streams)
    assert (options.most_streams, options.num_shelves) == (most_streams, num_shelves)


def test_they_are_there_from_the_start(model: LoadedModel) -> None:
    engine = assembled(model, dataclasses.replace(OPTIONS, max_streams=5))
    assert engine._runner.shelves.count == 3
    assert engine._scheduler._shelves.num_slots == 3


# What a start leaves behind


@pytest.mark.parametrize("free_value", [0.0, math.nan])
def test_nothing_of_the_trials_stays_in_the_cache(free_value: float, model: LoadedModel) -> None:
    runner = assembled(model, dataclasses.replace(OPTIONS, free_value=free_value))._runner
    for store in (runner.cache.keys, runner.cache.values, runner.shelves._store[:1]):
        assert torch.equal(store, torch.full_like(store, free_value)) or store.isnan().all()


def test_what_was_proven_is_what_is_used(model: LoadedModel) -> None:
    found = Shapes(min_rows=3, kv_multiple=256)
    with patch.object(assembly, "proven", return_value=found):
        engine = assembled(model)
    assert engine._runner.shapes == found


def test_a_cpu_records_nothing(model: LoadedModel) -> None:
    assert assembled(model)._runner.steps == {}


def test_a_warm_up_tries_every_size(model: LoadedModel) -> None:
    runner = ModelRunner(model.t2s, model.sovits.generator, 2, 600, Shapes())
    with (
        patch.object(runner, "generate", wraps=runner.generate) as generate,
        patch.object(runner, "prefill", wraps=runner.prefill) as prefill,
        patch.object(runner, "decode", wraps=runner.decode) as decode,
    ):
        warm_up(model, runner)
    windows = [call.args[0][0] for call in generate.call_args_list]
    assert [window.size for window in windows] == list(WINDOW_FRAMES)
    assert all(window.mask is not None for window in windows)
    assert [len(call.args[0]) for call in prefill.call_args_list] == [32, 128, 512]
    assert len(decode.call_args.args[0]) == runner.num_slots
    assert not runner.cache.keys.any()


# Readers on a GPU


def test_on_a_cpu_there_is_one_queue_for_all() -> None:
    stream = SideStream(CPU)
    with stream.entered(), patch.object(torch.Tensor, "record_stream") as record:
        stream.hand_over(torch.zeros(1))
    record.assert_not_called()


def test_readers_have_a_queue_of_their_own_and_wait_before_they_hand_over() -> None:
    order = MagicMock()
    with (
        patch.object(torch.cuda, "default_stream", return_value="engine's"),
        patch.object(torch.cuda, "Stream", return_value=order.own),
        patch.object(torch.cuda, "stream", order.enter),
    ):
        stream = SideStream(CUDA)
        with stream.entered():
            order.work()
        stream.hand_over(cast(Any, order.tensor))
    names = [call[0] for call in order.mock_calls if "__" not in call[0]]
    assert names == ["own.wait_stream", "enter", "work", "own.synchronize", "tensor.record_stream"]
    order.enter.assert_called_once_with(order.own)
    order.tensor.record_stream.assert_called_once_with("engine's")
