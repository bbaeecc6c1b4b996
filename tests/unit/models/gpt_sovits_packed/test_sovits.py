"""SoVITS over packed weights: near the plain model, windows exact, rows apart."""

from __future__ import annotations

from functools import lru_cache

import pytest
import torch
from torch import Tensor

from tests.unit.models.gpt_sovits.builders import style, tiny_sovits
from tests.unit.models.gpt_sovits_packed.conftest import SoVITSOf
from tests.unit.models.gpt_sovits_packed.near import assert_near
from tts_core.models.gpt_sovits.packed import pack_sovits
from tts_core.models.gpt_sovits.sovits import SoVITS, run_window

HOP = 640


_plain = lru_cache(tiny_sovits)


@lru_cache
def _packed(version: str, dtype: torch.dtype) -> SoVITS:
    model = tiny_sovits(version, dtype)
    pack_sovits(model)
    return model


def ids(seed: int, count: int) -> Tensor:
    return torch.randint(300, (count,), generator=torch.Generator().manual_seed(seed))


def normal(seed: int, frames: int, rows: int = 1) -> Tensor:
    return torch.randn(rows, 32, frames, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("version", ["v1", "v2", "v2Pro"])
@pytest.mark.parametrize("speed", [1.0, 1.25])
def test_audio_is_near_the_plain_model_s_in_float32(version: str, speed: float, dtype: torch.dtype) -> None:
    plain, packed = _plain(version), _packed(version, dtype)
    frames = 20 if speed == 1 else 17

    exact, found = (
        model.decode(ids(1, 10), ids(2, 7), style(model, 3), normal(4, frames), 0.5, speed)
        for model in (plain, packed)
    )

    assert_near(found, exact, dtype, slack=4.0 if dtype is torch.bfloat16 else 2.0)


def test_windows_join_to_the_whole(packed_sovits: SoVITSOf, dtype: torch.dtype) -> None:
    model = packed_sovits(dtype)
    latents, voice = normal(1, 50).to(dtype), style(model, 2).audio

    whole = model.generator(latents, voice).float()
    joined = torch.cat([run_window(model.generator, latents, voice, start, 20) for start in (0, 20, 40)], 1)

    assert_near(joined, whole, dtype)


@torch.inference_mode()
def test_a_mask_of_ones_changes_no_bit(packed_sovits: SoVITSOf, dtype: torch.dtype) -> None:
    for model in (packed_sovits(dtype), tiny_sovits(dtype=dtype)):
        context = model.generator.receptive_field_frames
        latents, voice = normal(1, 16 + 2 * context).to(dtype), style(model, 2).audio
        ones = torch.ones_like(latents[:, :1])

        without = model.generator(latents, voice, None, context)

        assert without.shape == (1, 16 * HOP)
        assert torch.equal(model.generator(latents, voice, ones, context), without)


@torch.inference_mode()
@pytest.mark.parametrize("context", [0, 4, 11, 20])
def test_context_is_computed_but_not_returned(
    packed_sovits: SoVITSOf, dtype: torch.dtype, context: int
) -> None:
    model = packed_sovits(dtype)
    latents, voice = normal(1, 8 + 2 * context).to(dtype), style(model, 2).audio

    whole = model.generator(latents, voice)
    middle = model.generator(latents, voice, None, context)

    assert_near(middle, whole[:, context * HOP : (context + 8) * HOP].float(), dtype)


@torch.inference_mode()
def test_rows_are_what_they_are_alone(packed_sovits: SoVITSOf, dtype: torch.dtype) -> None:
    model = packed_sovits(dtype)
    context = model.generator.receptive_field_frames
    latents = normal(1, 8 + 2 * context, rows=3).to(dtype)
    voices = torch.cat([style(model, seed).audio for seed in (1, 2, 3)])
    mask = torch.ones_like(latents[:, :1])
    mask[0, :, :context] = 0
    mask[2, :, context + 5 :] = 0

    together = model.generator(latents, voices, mask, context)

    assert model.generator.takes_rows_alone  # at full size, convolutions of several rows may round otherwise
    for row in range(3):
        one = slice(row, row + 1)
        assert torch.equal(together[one], model.generator(latents[one], voices[one], mask[one], context))


@torch.inference_mode()
def test_what_is_masked_is_not_heard(packed_sovits: SoVITSOf, dtype: torch.dtype) -> None:
    model = packed_sovits(dtype)
    latents, voice = normal(1, 30).to(dtype), style(model, 2).audio
    mask = torch.ones_like(latents[:, :1])
    mask[:, :, 20:] = 0
    disturbed = latents.clone()
    disturbed[:, :, 20:] = 7.0

    found = model.generator(disturbed, voice, mask)[:, : 20 * HOP]

    assert_near(found, model.generator(latents[:, :, :20], voice).float(), dtype)


@torch.inference_mode()
def test_inputs_are_left_as_they_were(packed_sovits: SoVITSOf, dtype: torch.dtype) -> None:
    model = packed_sovits(dtype)
    latents, voice = normal(1, 40).to(dtype), style(model, 2).audio
    mask = torch.ones_like(latents[:, :1])
    mask[:, :, 30:] = 0
    before = latents.clone(), voice.clone(), mask.clone()

    model.generator(latents, voice, mask, model.generator.receptive_field_frames)

    for found, expected in zip((latents, voice, mask), before, strict=True):
        assert torch.equal(found, expected)


def test_the_model_still_says_what_and_where_it_is(packed_sovits: SoVITSOf, dtype: torch.dtype) -> None:
    model: SoVITS = packed_sovits(dtype)

    assert model.dtype is dtype
    assert model.device == torch.device("cpu")
