"""Where packing is impossible, the plain modules speak, and the log says why, once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from tests.unit.models.gpt_sovits.builders import tiny_sovits
from tts_core.models.gpt_sovits.packed import can_pack, pack_layers, pack_sovits, support
from tts_core.models.gpt_sovits.packed.conv import PackedConv1d
from tts_core.models.gpt_sovits.packed.linear import PackedLinear


@pytest.fixture(autouse=True)
def _ask_again() -> Iterator[None]:
    support._supports.cache_clear()
    yield
    support._supports.cache_clear()


def test_other_devices_and_precisions_stay_plain() -> None:
    assert not can_pack(torch.float32, "cuda:0")
    assert not can_pack(torch.bfloat16, torch.device("meta"))
    assert not can_pack(torch.float16, "cpu")


def test_a_missing_operation_means_plain_modules_and_one_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(support, "_OPERATIONS", (*support._OPERATIONS, "_gone"))

    with caplog.at_level(logging.WARNING):
        answers = [can_pack(torch.float32, "cpu") for _ in range(3)]

    assert answers == [False] * 3
    assert [record.message for record in caplog.records] == [
        "weights in torch.float32 stay unpacked, which is slower: this torch lacks _gone"
    ]


@pytest.mark.parametrize("failure", [RuntimeError("other arguments"), None])
def test_operations_that_have_changed_are_found_out(
    monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    def changed(self: Any, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        if failure is not None:
            raise failure
        return torch.zeros_like(x)

    monkeypatch.setattr(PackedLinear, "forward", changed)

    assert not can_pack(torch.float32, "cpu")


def test_there_is_one_copy_of_the_weights() -> None:
    if not can_pack(torch.float32, "cpu"):
        pytest.skip("this machine doesn't pack float32")
    model = tiny_sovits()
    before = _num_values(model)
    pack_sovits(model)

    # Packed weights may be filled up to whole blocks, but there is no second copy.
    assert before <= _num_values(model) < 1.3 * before
    packed = [module for module in model.generator.modules() if hasattr(module, "weight")]
    assert packed
    assert not any(isinstance(module, nn.Conv1d | nn.ConvTranspose1d | nn.Linear) for module in packed)


def test_layers_of_other_kinds_stay() -> None:
    if not can_pack(torch.float32, "cpu"):
        pytest.skip("this machine doesn't pack float32")

    class Scaled(nn.Linear):
        pass

    inner = nn.Sequential(nn.Conv1d(4, 4, 1))
    model = nn.Sequential(nn.Linear(4, 4), inner, Scaled(4, 4), nn.LayerNorm(4))
    pack_layers(model)

    assert isinstance(model[0], PackedLinear)
    assert isinstance(inner[0], PackedConv1d)
    assert isinstance(model[2], Scaled)


def _num_values(module: nn.Module) -> int:
    return sum(tensor.numel() for tensor in (*module.parameters(), *module.buffers()))
