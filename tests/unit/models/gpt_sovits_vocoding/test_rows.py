"""One call of the generator for windows of several segments."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.models.gpt_sovits.builders import style, tiny_sovits
from tts_core.models.gpt_sovits.packed import can_pack, pack_sovits
from tts_core.models.gpt_sovits.sovits import SoVITS, cut_window
from tts_core.models.gpt_sovits.vocoding import WindowInputs, run_windows, stack_windows

FRAMES = 60


@pytest.fixture(scope="module", params=["plain", "packed"])
def sovits(request: pytest.FixtureRequest) -> SoVITS:
    if request.param == "plain":
        return tiny_sovits()
    if not can_pack(torch.bfloat16, torch.device("cpu")):
        pytest.skip("this CPU has no matrix units that packed weights are for")
    half = tiny_sovits(dtype=torch.bfloat16)
    pack_sovits(half)
    return half


@pytest.fixture(scope="module")
def windows(sovits: SoVITS) -> list[WindowInputs]:
    """Windows of several voices: at either end of a segment, and in its middle with and without a mask."""
    made = [window(sovits, seed, start) for seed, start in ((1, 0), (2, 20), (3, 50), (4, 15))]
    assert made[1].mask is None or made[1].mask.all()
    return [*made, dataclasses.replace(made[1], mask=None), dataclasses.replace(made[3], mask=None)]


def window(sovits: SoVITS, seed: int, start: int, size: int = 16) -> WindowInputs:
    draw = torch.Generator().manual_seed(seed)
    latents = torch.randn(1, sovits.config.latent_channels, FRAMES, generator=draw).to(sovits.dtype)
    context = sovits.generator.receptive_field_frames
    cut = cut_window(latents, start, size, context)
    return WindowInputs(cut.latents, cut.mask, style(sovits, seed).audio, size, context)


@settings(max_examples=20, deadline=None)
@given(
    num_rows=st.integers(1, 4),
    neighbours=st.lists(st.integers(0, 5), max_size=3),
    place=st.integers(0, 3),
    subject=st.integers(0, 5),
)
def test_a_window_sounds_the_same_among_any_others(
    windows: list[WindowInputs],
    sovits: SoVITS,
    num_rows: int,
    neighbours: list[int],
    place: int,
    subject: int,
) -> None:
    rows = neighbours[: num_rows - 1]
    place = min(place, len(rows))
    rows.insert(place, subject)

    together = run_windows(sovits.generator, [windows[row] for row in rows], num_rows)
    (alone,) = run_windows(sovits.generator, [windows[subject]], num_rows)

    assert len(together) == len(rows)
    assert together[place].shape == (16 * 640,)
    assert torch.equal(together[place], alone)


def test_a_mask_of_ones_is_no_mask(windows: list[WindowInputs], sovits: SoVITS) -> None:
    bare = windows[4]
    full = dataclasses.replace(bare, mask=torch.ones_like(bare.latents[:, :1]))
    assert torch.equal(*(run_windows(sovits.generator, [row], 2)[0] for row in (bare, full)))


def test_a_batch_has_its_number_of_rows_and_a_mask_if_any_row_needs_one(windows: list[WindowInputs]) -> None:
    latents, voices, mask = stack_windows([windows[4], windows[5]], 4)
    assert (len(latents), len(voices), mask) == (4, 4, None)
    *_, mask = stack_windows([windows[4], windows[0]], 4)
    assert mask is not None
    assert mask.all(dim=2).flatten().tolist() == [True, False, True, True]


def test_half_precision_comes_out_as_float32() -> None:
    half = tiny_sovits(dtype=torch.bfloat16)
    (audio,) = run_windows(half.generator, [window(half, 1, 0)], 1)
    assert audio.dtype is torch.float32


def test_what_does_not_fit_one_call_is_refused(windows: list[WindowInputs], sovits: SoVITS) -> None:
    with pytest.raises(ValueError, match="2 rows can't hold 3"):
        stack_windows(windows[:3], 2)
    with pytest.raises(ValueError, match="can't hold 0"):
        stack_windows([], 2)
    with pytest.raises(ValueError, match="one size"):
        stack_windows([windows[0], window(sovits, 1, 0, size=32)], 2)
