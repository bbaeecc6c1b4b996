"""SoVITS in stages: batches equal rows alone, windows equal the whole, voices shape the sound."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, interpolate, leaky_relu
from torch.nn.utils.rnn import pad_sequence

from tests.unit.models.gpt_sovits.builders import style, tiny_sovits
from tts_core.models.gpt_sovits.sovits import SoVITS, Style, Window, cut_window, num_frames, run_window
from tts_core.models.gpt_sovits.sovits.text_encoder import resample_frames

VERSIONS = ["v1", "v2", "v2Pro", "v2ProPlus"]
HOP = 640


def ids(seed: int, count: int, limit: int = 300) -> Tensor:
    return torch.randint(limit, (count,), generator=torch.Generator().manual_seed(seed))


def noise(seed: int, frames: int, channels: int = 32) -> Tensor:
    return torch.randn(1, channels, frames, generator=torch.Generator().manual_seed(seed))


model_of = lru_cache(tiny_sovits)


@pytest.fixture(scope="module")
def model() -> SoVITS:
    return model_of("v2")


def random_latents(model: SoVITS, frames: int) -> tuple[Tensor, Tensor]:
    return noise(4, frames, model.config.latent_channels), style(model, 5).audio


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_of_a_padded_batch_are_what_they_are_alone(version: str) -> None:
    model = model_of(version)
    rows = [(ids(1, 9), ids(2, 5), 1.0), (ids(3, 14), ids(4, 11), 1.0), (ids(5, 12), ids(6, 8), 1.3)]
    styles = [style(model, seed) for seed in (7, 8, 9)]
    lengths = [num_frames(len(codes), speed) for codes, _, speed in rows]
    noises = [noise(10 + row, length) for row, length in enumerate(lengths)]

    padded = torch.zeros(3, 32, max(lengths))
    for row, item in enumerate(noises):
        padded[row, :, : lengths[row]] = item
    prior = model.prior(
        pad_sequence([codes for codes, _, _ in rows], batch_first=True),
        torch.tensor([len(codes) for codes, _, _ in rows]),
        pad_sequence([phones for _, phones, _ in rows], batch_first=True),
        torch.tensor([len(phones) for _, phones, _ in rows]),
        Style(
            audio=torch.cat([item.audio for item in styles]), text=torch.cat([item.text for item in styles])
        ),
        torch.tensor(lengths),
        max(lengths),
    )
    together = Style(
        audio=torch.cat([item.audio for item in styles]), text=torch.cat([item.text for item in styles])
    )
    latents = model.latents(prior, padded, 0.5, together)
    audio = model.generator(latents, together.audio, prior.mask)

    for row, (codes, phones, speed) in enumerate(rows):
        alone = model.decode(codes, phones, styles[row], noises[row], 0.5, speed)
        assert len(alone) == lengths[row] * HOP
        torch.testing.assert_close(audio[row, : len(alone)], alone, atol=1e-5, rtol=0)


def plainly(model: SoVITS, latents: Tensor, voice: Tensor) -> Tensor:
    """Return the generator's audio by the book (HiFi-GAN): every convolution pads what it gets with zeros."""
    generator = model.generator

    def conv(layer: nn.Conv1d, x: Tensor) -> Tensor:
        wide = layer.dilation[0] * (layer.kernel_size[0] // 2)
        return conv1d(x, layer.weight, layer.bias, padding=wide, dilation=layer.dilation)

    def speak(block: Any, x: Tensor) -> Tensor:
        for wide, plain in zip(block.convs1, block.convs2, strict=True):
            x = x + conv(plain, leaky_relu(conv(wide, leaky_relu(x, 0.1)), 0.1))
        return x

    x = conv(generator.conv_pre, latents) + generator.cond(voice)
    count = len(model.config.resblock_kernels)
    for level, up in enumerate(generator.ups):
        x = up(leaky_relu(x, 0.1))
        blocks = generator.resblocks[level * count : (level + 1) * count]
        x = torch.stack([speak(block, x) for block in blocks]).mean(0)
    return conv(generator.conv_post, leaky_relu(x)).squeeze(1).tanh()


def test_audio_is_the_paper_s_up_to_both_ends(model: SoVITS) -> None:
    latents, voice = random_latents(model, 5)
    torch.testing.assert_close(
        model.generator(latents, voice), plainly(model, latents, voice), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("num_window_frames", [1, 7, 50, 200])
def test_windows_join_to_the_whole(model: SoVITS, num_window_frames: int) -> None:
    latents, voice = random_latents(model, 61)
    whole = model.generator(latents, voice)

    starts = range(0, 61, num_window_frames)
    joined = torch.cat(
        [run_window(model.generator, latents, voice, start, num_window_frames) for start in starts], 1
    )

    torch.testing.assert_close(joined, whole, atol=1e-5, rtol=0)


def mask_of(window: Window) -> torch.Tensor:
    return torch.ones_like(window.latents[:, :1]) if window.mask is None else window.mask


def test_every_window_has_one_shape(model: SoVITS) -> None:
    latents, _ = random_latents(model, 20)

    windows = [cut_window(latents, start, 8, 12) for start in (0, 8, 16, 24)]

    assert {window.latents.shape for window in windows} == {(1, 32, 32)}
    assert [int(mask_of(window).sum()) for window in windows] == [20, 20, 16, 8]


def test_windows_batch_with_windows_of_other_voices(model: SoVITS) -> None:
    latents, voice = random_latents(model, 30)
    other_latents, other_voice = noise(8, 5), style(model, 9).audio
    context = model.generator.receptive_field_frames
    windows = [cut_window(latents, 10, 6, context), cut_window(other_latents, 0, 6, context)]

    audio = model.generator(
        torch.cat([window.latents for window in windows]),
        torch.cat([voice, other_voice]),
        torch.cat([mask_of(window) for window in windows]),
    )[:, context * HOP : (context + 6) * HOP]

    expected = run_window(model.generator, latents, voice, 10, 6)
    other_expected = run_window(model.generator, other_latents, other_voice, 0, 6)
    torch.testing.assert_close(audio[:1], expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(audio[1:, : 5 * HOP], other_expected, atol=1e-5, rtol=0)


def test_sound_reaches_no_further_than_the_receptive_field(model: SoVITS) -> None:
    latents, voice = random_latents(model, 60)
    changed = latents.clone()
    changed[:, :, 30] += 5.0
    reach = model.generator.receptive_field_frames

    before, after = model.generator(latents, voice)[0], model.generator(changed, voice)[0]

    touched = (before != after).nonzero() // HOP
    assert 30 - reach <= int(touched.min()) <= 30 <= int(touched.max()) <= 30 + reach


@pytest.mark.parametrize(("frames", "speed"), [(50, 1.25), (50, 0.6), (37, 1.7)])
def test_speed_stretches_as_linear_interpolation_does(frames: int, speed: float) -> None:
    hidden, length = torch.randn(1, 4, frames), int(frames / speed) + 1
    padded = torch.cat((hidden, torch.full((1, 4, 9), 1e3)), dim=2)

    stretched = resample_frames(padded, torch.tensor([frames]), torch.tensor([length]), length + 3)

    expected = interpolate(hidden, size=length, mode="linear")
    torch.testing.assert_close(stretched[:, :, :length], expected, atol=1e-4, rtol=1e-5)


def test_an_unchanged_length_is_left_exactly_as_it_was() -> None:
    hidden = torch.randn(2, 4, 33)

    stretched = resample_frames(hidden, torch.tensor([33, 20]), torch.tensor([33, 20]), 33)

    assert torch.equal(stretched[0], hidden[0])
    assert torch.equal(stretched[1, :, :20], hidden[1, :, :20])


def test_noise_and_its_scale_are_the_caller_s(model: SoVITS) -> None:
    codes, phones, voice = ids(1, 6), ids(2, 4), style(model, 3)
    silent = model.decode(codes, phones, voice, noise(1, 12), 0.0)

    assert torch.equal(silent, model.decode(codes, phones, voice, noise(2, 12), 0.0))
    assert not torch.equal(silent, model.decode(codes, phones, voice, noise(1, 12), 0.5))
    again = [model.decode(codes, phones, voice, noise(1, 12), 0.5) for _ in range(2)]
    assert torch.equal(again[0], again[1])


@pytest.mark.parametrize("version", ["v2", "v2Pro"])
def test_references_are_averaged(version: str) -> None:
    model = model_of(version)
    spectrograms = [torch.rand(1, 1025, frames) for frames in (20, 35)]
    speakers = [torch.randn(1, 20480) for _ in spectrograms] if model.config.is_pro else []

    both = model.style.encode(spectrograms, speakers)

    each = [model.style.encode(spectrograms[i : i + 1], speakers[i : i + 1]).audio for i in (0, 1)]
    torch.testing.assert_close(both.audio, (each[0] + each[1]) / 2)


def test_the_speaker_embedding_shapes_both_sides_of_a_pro_voice() -> None:
    model = model_of("v2Pro")
    spectrogram = torch.rand(1, 704, 30)

    first, second = (
        model.style.encode([spectrogram], [torch.full((1, 20480), value)]) for value in (0.0, 0.1)
    )

    assert not torch.equal(first.audio, second.audio)
    assert not torch.equal(first.text, second.text)
    assert first.text.shape == (1, 512, 1)


@pytest.mark.parametrize(("version", "num_speakers"), [("v2", 1), ("v2Pro", 0), ("v2Pro", 2)])
def test_references_that_do_not_fit_the_version_are_refused(version: str, num_speakers: int) -> None:
    model = model_of(version)

    with pytest.raises(ValueError, match=f"{version} needs a spectrogram"):
        model.style.encode([torch.rand(1, 1025, 30)], [torch.zeros(1, 20480)] * num_speakers)


def test_a_voice_needs_a_reference(model: SoVITS) -> None:
    with pytest.raises(ValueError, match="found 0 and 0"):
        model.style.encode([])


def test_codes_of_the_codebook_are_found_again(model: SoVITS) -> None:
    """Undo the projection, so that features made from codes must be read as those codes."""
    codes = ids(1, 20, 1024)
    model.codebook.project = torch.nn.Identity()  # type: ignore[assignment]
    features = model.codebook.decode(codes[None])[:, :, ::2]

    assert model.codebook.encode(features + 0.01).tolist() == [codes.tolist()]


@pytest.mark.parametrize(("dtype", "distance"), [(torch.bfloat16, 0.2), (torch.float16, 0.05)])
def test_half_precision_stays_near_float32(dtype: torch.dtype, distance: float) -> None:
    exact, half = model_of("v2"), tiny_sovits(dtype=dtype)
    codes, phones = ids(1, 8), ids(2, 6)

    expected = exact.decode(codes, phones, style(exact, 3), noise(1, 16), 0.5)
    found = half.decode(codes, phones, style(half, 3), noise(1, 16), 0.5)

    assert found.dtype is torch.float32
    assert (found - expected).abs().max() < distance * expected.abs().max()


@pytest.mark.parametrize(("speed", "frames"), [(1.0, 50), (1.25, 41), (0.5, 101)])
def test_frames_are_counted_as_the_reference_does(speed: float, frames: int) -> None:
    assert num_frames(25, speed) == frames
