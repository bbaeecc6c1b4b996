"""Recordings to tensors: the style spectrogram, Kaldi's filter banks, the speaker embedding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import batch_norm, conv2d, hardtanh, relu, silu

from tests.unit.models.gpt_sovits.builders import sovits_tensors
from tts_core.errors import InvalidCheckpoint
from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.eres2net import ERes2NetConfig
from tts_core.models.gpt_sovits.fbank import kaldi_fbank
from tts_core.models.gpt_sovits.speaker import build_speaker_encoder
from tts_core.models.gpt_sovits.spectrogram import reference_spectrogram

SMALL = ERes2NetConfig(channels=16, base_width=24, blocks=(1, 2, 1, 2))


@pytest.fixture(scope="module")
def config() -> SoVITSConfig:
    return sovits_tensors()[1]


def recording(samples: int, peak: float = 0.5) -> Tensor:
    wave = torch.randn(samples, generator=torch.Generator().manual_seed(samples))
    return wave / wave.abs().max() * peak


def test_a_spectrogram_s_frames_are_windowed_fourier_magnitudes(config: SoVITSConfig) -> None:
    wave = recording(6400)

    spectrogram = reference_spectrogram(wave, config)

    assert spectrogram.shape == (1, 1025, 10)
    padded = np.pad(wave.double().numpy(), 704, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    for frame in (0, 4, 9):
        bins = np.fft.rfft(padded[frame * 640 : frame * 640 + 2048] * window)
        expected = torch.from_numpy(np.sqrt(np.abs(bins) ** 2 + 1e-8)).float()
        torch.testing.assert_close(spectrogram[0, :, frame], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("peak", "divisor"), [(0.5, 1.0), (1.6, 1.6), (5.0, 2.0)])
def test_a_loud_recording_is_divided_by_its_peak_but_by_two_at_most(
    config: SoVITSConfig, peak: float, divisor: float
) -> None:
    quiet = recording(6400, 0.5)

    spectrogram = reference_spectrogram(quiet * 2 * peak, config)

    expected = reference_spectrogram(quiet, config) * 2 * peak / divisor
    torch.testing.assert_close(spectrogram, expected, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("shape", [(704,), (2, 6400)])
def test_too_short_or_stereo_has_no_spectrogram(config: SoVITSConfig, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="mono samples"):
        reference_spectrogram(torch.zeros(shape), config)


def test_filter_banks_are_kaldi_s() -> None:
    wave = recording(2000, 0.3).double().numpy()

    banks = kaldi_fbank(torch.from_numpy(wave))

    assert banks.shape == (11, 80)
    for index in (0, 5, 10):
        torch.testing.assert_close(
            banks[index], torch.from_numpy(kaldi_frame(wave[index * 160 : index * 160 + 400])).float(),
            atol=1e-3, rtol=1e-4,
        )  # fmt: skip


def kaldi_frame(frame: np.ndarray) -> np.ndarray:
    """One frame as Kaldi's documentation has it, filter by filter."""
    frame = frame - frame.mean()
    frame = np.array([frame[i] - 0.97 * frame[max(i - 1, 0)] for i in range(400)])
    frame = frame * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    power = np.abs(np.fft.rfft(frame, 512)) ** 2

    def mel(hertz: float) -> float:
        return 1127 * float(np.log(1 + hertz / 700))

    edges = np.linspace(mel(20), mel(8000), 82)
    energies = np.zeros(80)
    for band in range(80):
        left, centre, right = edges[band : band + 3]
        for bin_index in range(256):
            place = mel(bin_index * 16000 / 512)
            slope = min((place - left) / (centre - left), (right - place) / (right - centre))
            energies[band] += max(slope, 0.0) * power[bin_index]
    return np.log(np.maximum(energies, np.finfo(np.float32).eps))


def test_silence_has_finite_filter_banks() -> None:
    assert torch.isfinite(kaldi_fbank(torch.zeros(800))).all()


@pytest.mark.parametrize("shape", [(399,), (2, 800)])
def test_too_short_or_stereo_has_no_filter_banks(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="mono samples"):
        kaldi_fbank(torch.zeros(shape))


class OfficialNetwork:
    """ERes2NetV2 from the official keys, unfolded, to hold the folded network to."""

    def __init__(self, config: ERes2NetConfig) -> None:
        self.config = config
        self.random = torch.Generator().manual_seed(0)
        self.tensors: dict[str, Tensor] = {}

    def conv(
        self, name: str, x: Tensor, outputs: int, size: int, bias: bool = False, **options: Any
    ) -> Tensor:
        shape = (outputs, x.shape[1], size, size)
        weight = self._tensor(f"{name}.weight", shape, 1 / (x.shape[1] * size * size) ** 0.5)
        shift = self._tensor(f"{name}.bias", (outputs,), 0.1) if bias else None
        return conv2d(x, weight, shift, padding=size // 2, **options)

    def norm(self, name: str, x: Tensor) -> Tensor:
        shape = (x.shape[1],)
        mean, variance = (
            self._tensor(f"{name}.running_mean", shape, 0.1),
            1 + self._tensor(f"{name}.running_var", shape, 0.0),
        )
        self.tensors[f"{name}.running_var"] = variance
        self.tensors[f"{name}.num_batches_tracked"] = torch.tensor(7)
        gain, shift = self._tensor(f"{name}.weight", shape, 1.0), self._tensor(f"{name}.bias", shape, 0.3)
        return batch_norm(x, mean, variance, gain, shift)

    def run(self, banks: Tensor) -> Tensor:
        channels = self.config.channels
        x = relu(self.norm("bn1", self.conv("conv1", banks.T[None, None], channels, 3)))
        outs = []
        for level, count in enumerate(self.config.blocks):
            for block in range(count):
                stride = 2 if level and not block else 1
                x = self.block(f"layer{level + 1}.{block}", x, channels << level, stride, level >= 2)
            outs.append(x)
        down = self.conv("layer3_ds", outs[2], channels * 32, 3, stride=2)
        fused = self.fuse("fuse34", outs[3], down)
        self._tensor("seg_1.weight", (5, 5), 1.0)
        return fused.flatten(1, 2).mean(-1)

    def block(self, name: str, x: Tensor, planes: int, stride: int, fused: bool) -> Tensor:
        width, scale = planes * self.config.base_width // 64, self.config.scale
        outputs = planes * self.config.expansion
        hidden = self.conv(f"{name}.conv1", x, width * scale, 1, stride=stride)
        parts = hardtanh(self.norm(f"{name}.bn1", hidden), 0, 20).chunk(scale, 1)
        done: list[Tensor] = []
        for index, part in enumerate(parts):
            if index:
                fuse = f"{name}.fuse_models.{index - 1}"
                part = self.fuse(fuse, done[-1], part) if fused else done[-1] + part
            part = self.conv(f"{name}.convs.{index}", part, width, 3)
            done.append(hardtanh(self.norm(f"{name}.bns.{index}", part), 0, 20))
        out = self.norm(f"{name}.bn3", self.conv(f"{name}.conv3", torch.cat(done, 1), outputs, 1))
        if stride != 1 or x.shape[1] != outputs:
            x = self.norm(f"{name}.shortcut.1", self.conv(f"{name}.shortcut.0", x, outputs, 1, stride=stride))
        return hardtanh(out + x, 0, 20)

    def fuse(self, name: str, x: Tensor, y: Tensor) -> Tensor:
        channels = x.shape[1]
        hidden = self.conv(f"{name}.local_att.0", torch.cat((x, y), 1), channels // 4, 1, bias=True)
        hidden = silu(self.norm(f"{name}.local_att.1", hidden))
        hidden = self.norm(
            f"{name}.local_att.4", self.conv(f"{name}.local_att.3", hidden, channels, 1, bias=True)
        )
        weight = 1 + hidden.tanh()
        return x * weight + y * (2 - weight)

    def _tensor(self, name: str, shape: tuple[int, ...], scale: float) -> Tensor:
        value = torch.randn(shape, generator=self.random) * scale
        self.tensors[name] = value
        return value


def test_the_speaker_network_equals_the_official_one_unfolded() -> None:
    official, wave = OfficialNetwork(SMALL), recording(8000)
    expected = official.run(kaldi_fbank(wave))

    encoder = build_speaker_encoder(official.tensors, SMALL)

    found = encoder.embed(wave)
    assert found.shape == (1, 16 * 32 * 10)
    torch.testing.assert_close(found, expected, atol=1e-4 * float(expected.abs().max()), rtol=1e-3)


@pytest.mark.parametrize("key", ["layer2.1.bns.0.running_var", "layer3.0.fuse_models.1.local_att.3.bias"])
def test_a_missing_tensor_of_the_speaker_network_is_named(key: str) -> None:
    official = OfficialNetwork(SMALL)
    official.run(kaldi_fbank(recording(8000)))
    del official.tensors[key]

    with pytest.raises(InvalidCheckpoint, match=key):
        build_speaker_encoder(official.tensors, SMALL)
