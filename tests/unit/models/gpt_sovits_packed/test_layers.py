"""Each packed layer computes what the plain one does, for every shape that configs use."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.unit.models.gpt_sovits_packed.near import assert_near
from tts_core.models.gpt_sovits.layers import FusedConv1d, FusedLinear
from tts_core.models.gpt_sovits.packed.conv import (
    PackedConv1d,
    PackedConvTranspose1d,
    PackedWindowConv1d,
    is_packable,
)
from tts_core.models.gpt_sovits.packed.linear import PackedLinear

CHANNELS, FRAMES = 16, 40


def filled(module: nn.Module, dtype: torch.dtype) -> None:
    """Give parameters values that `dtype` holds exactly, so that only the products differ."""
    random = torch.Generator().manual_seed(1)
    for parameter in module.parameters():
        values = torch.rand(parameter.shape, generator=random) - 0.5
        parameter.requires_grad_(False).copy_(values.to(dtype).float())


def values(*shape: int, dtype: torch.dtype, seed: int = 0) -> Tensor:
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) - 0.5).to(dtype)


@torch.inference_mode()
@pytest.mark.parametrize("num_rows", [1, 2, 7, 16, 17, 64, 70])
@pytest.mark.parametrize("with_relu", [False, True])
def test_a_linear_layer(dtype: torch.dtype, num_rows: int, with_relu: bool) -> None:
    plain = FusedLinear(24, CHANNELS, with_relu=with_relu)
    filled(plain, dtype)
    x = values(num_rows, 24, dtype=dtype)

    found = PackedLinear(plain.to(dtype))(x)

    assert_near(found, plain.float()(x.float()), dtype)


@torch.inference_mode()
@pytest.mark.parametrize("num_rows", [1, 5, 33])
def test_a_linear_layer_with_a_residual_or_without_a_bias(dtype: torch.dtype, num_rows: int) -> None:
    plain, bare = FusedLinear(24, CHANNELS), nn.Linear(24, CHANNELS, bias=False)
    filled(plain, dtype)
    filled(bare, dtype)
    x, residual = values(num_rows, 24, dtype=dtype), values(num_rows, CHANNELS, dtype=dtype, seed=2)

    added, product = PackedLinear(plain.to(dtype))(x, residual), PackedLinear(bare.to(dtype))(x)

    assert_near(added, plain.float()(x.float(), residual.float()), dtype)
    assert_near(product, bare.float()(x.float()), dtype)


@torch.inference_mode()
@pytest.mark.parametrize("shape", [(1, 24), (3, 24), (2, 5, 24), (1, 1, 24)])
def test_a_linear_layer_keeps_leading_dimensions(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    plain = nn.Linear(24, CHANNELS, dtype=dtype)

    found = PackedLinear(plain)(values(*shape, dtype=dtype))

    assert found.shape == (*shape[:-1], CHANNELS)


@torch.inference_mode()
@pytest.mark.parametrize("num_rows", [1, 3])
@pytest.mark.parametrize("kernel", [1, 3, 5, 7, 11])
@pytest.mark.parametrize(("dilation", "slope"), [(1, None), (1, 0.0), (3, 0.1), (5, 0.1)])
def test_convolutions(
    dtype: torch.dtype, num_rows: int, kernel: int, dilation: int, slope: float | None
) -> None:
    padding = kernel // 2 * dilation
    plain = FusedConv1d(CHANNELS, 24, kernel, padding=padding, dilation=dilation, slope=slope)
    filled(plain, dtype)
    x = values(num_rows, CHANNELS, FRAMES, dtype=dtype)
    packed = PackedConv1d(plain.to(dtype)), PackedWindowConv1d(plain.to(dtype), FRAMES)

    found = [conv(x) for conv in packed]

    for out in found:
        assert_near(out, plain.float()(x.float()), dtype)


@torch.inference_mode()
@pytest.mark.parametrize(("kernel", "stride", "channels"), [(10, 5, 1), (3, 2, CHANNELS), (2, 2, CHANNELS)])
@pytest.mark.parametrize("frames", [50, 6000])
def test_strided_convolutions(
    dtype: torch.dtype, kernel: int, stride: int, channels: int, frames: int
) -> None:
    plain = nn.Conv1d(channels, 24, kernel, stride, bias=False)
    filled(plain, dtype)
    x = values(2, channels, frames, dtype=dtype)
    packed = PackedConv1d(plain.to(dtype)), PackedWindowConv1d(plain.to(dtype), frames)

    found = [conv(x) for conv in packed]

    for out in found:
        assert_near(out, plain.float()(x.float()), dtype)


@torch.inference_mode()
def test_a_long_convolution_with_a_residual(dtype: torch.dtype) -> None:
    plain = FusedConv1d(CHANNELS, 24, 3, padding=1)
    filled(plain, dtype)
    x, residual = values(2, CHANNELS, 2500, dtype=dtype), values(2, 24, 2500, dtype=dtype, seed=2)

    found = PackedConv1d(plain.to(dtype))(x, residual)

    assert_near(found, plain.float()(x.float(), residual.float()), dtype)


@torch.inference_mode()
@pytest.mark.parametrize("padding", [0, 3])
def test_convolutions_with_a_residual(dtype: torch.dtype, padding: int) -> None:
    plain = FusedConv1d(CHANNELS, 24, 7, padding=padding)
    filled(plain, dtype)
    x = values(2, CHANNELS, FRAMES, dtype=dtype)
    residual = values(2, 24, FRAMES - 6 + 2 * padding, dtype=dtype, seed=2)
    packed = PackedConv1d(plain.to(dtype)), PackedWindowConv1d(plain.to(dtype), FRAMES)

    found = [conv(x, residual) for conv in packed]

    for out in found:
        assert_near(out, plain.float()(x.float(), residual.float()), dtype)


@torch.inference_mode()
@pytest.mark.parametrize(("kernel", "rate"), [(16, 10), (20, 10), (16, 8), (8, 2), (2, 2)])
def test_transposed_convolutions(dtype: torch.dtype, kernel: int, rate: int) -> None:
    plain = nn.ConvTranspose1d(CHANNELS, 24, kernel, rate, padding=(kernel - rate) // 2)
    filled(plain, dtype)
    x = values(2, CHANNELS, FRAMES, dtype=dtype)

    found = PackedConvTranspose1d(plain.to(dtype), FRAMES)(x)

    assert_near(found, plain.float()(x.float()), dtype)


@torch.inference_mode()
def test_any_layout_in_memory_gives_the_same_bits(dtype: torch.dtype) -> None:
    conv = nn.Conv1d(CHANNELS, 24, 3, padding=1, dtype=dtype)
    x = values(2, CHANNELS, FRAMES, dtype=dtype)
    other = x.transpose(1, 2).contiguous().transpose(1, 2)

    for packed in (PackedConv1d(conv), PackedWindowConv1d(conv, FRAMES)):
        assert torch.equal(packed(x), packed(other))


@torch.inference_mode()
@pytest.mark.parametrize(("inputs", "outputs"), [(512, 1536), (2048, 512), (192, 96)])
def test_a_row_is_the_same_bits_among_any_others(dtype: torch.dtype, inputs: int, outputs: int) -> None:
    packed = PackedLinear(nn.Linear(inputs, outputs, dtype=dtype))
    x = values(16, inputs, dtype=dtype)
    alone = torch.cat([packed(x[row : row + 1]) for row in range(16)])

    for num_rows in range(1, 17):
        order = torch.randperm(16, generator=torch.Generator().manual_seed(num_rows))[:num_rows]
        assert torch.equal(packed(x[order]), alone[order])


def test_convolutions_of_other_kinds_are_left_alone() -> None:
    assert is_packable(nn.Conv1d(4, 4, 3, padding=1))
    assert not is_packable(nn.Conv1d(4, 4, 3, groups=2))
    assert not is_packable(nn.Conv1d(4, 4, 3, padding="same"))
    assert not is_packable(nn.Conv1d(4, 4, 3, padding=1, padding_mode="reflect"))
    assert not is_packable(nn.ConvTranspose1d(4, 4, 4, 2, output_padding=1))
