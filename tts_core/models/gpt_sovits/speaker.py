"""The speaker embedding of v2Pro and v2ProPlus: ERes2NetV2 over Kaldi's filter banks."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.eres2net import ERes2NetConfig, ERes2NetV2
from tts_core.models.gpt_sovits.fbank import kaldi_fbank
from tts_core.models.gpt_sovits.loading import KeyScheme, check_keys, load_module

_BATCH_NORM_EPS = 1e-5
_STATISTICS = ("weight", "bias", "running_mean", "running_var")

# A convolution's key, and the key of the batch normalisation behind it.
_NORMED = (
    (re.compile(r"(.*\.)?conv([13])"), r"\1bn\2"),
    (re.compile(r"(.*)\.convs\.(\d+)"), r"\1.bns.\2"),
    (re.compile(r"(.*)\.shortcut\.0"), r"\1.shortcut.1"),
    (re.compile(r"(.*)\.local_att\.0"), r"\1.local_att.1"),
    (re.compile(r"(.*)\.local_att\.3"), r"\1.local_att.4"),
)

SPEAKER_KEYS = KeyScheme(
    model="The speaker encoder",
    renames=(
        ("shortcut.", "shortcut.0."),
        ("squeeze.", "local_att.0."),
        ("expand.", "local_att.3."),
    ),
    ignored=("seg_",),
)


class SpeakerEncoder:
    """A recording to a speaker embedding. Build it with `build_speaker_encoder`."""

    def __init__(self, network: ERes2NetV2) -> None:
        self.network = network

    @torch.inference_mode()
    def embed(self, recording: Tensor) -> Tensor:
        """Return (1, 20480) for a mono recording (samples,) at 16 kHz.

        Raises:
            ValueError: the recording is not mono, or shorter than 25 ms.
        """
        weight = self.network.conv1.weight
        banks = kaldi_fbank(recording.to(weight.device)).to(weight.dtype)
        embedding: Tensor = self.network(banks.unsqueeze(0))
        return embedding


def build_speaker_encoder(
    tensors: Mapping[str, Tensor],
    config: ERes2NetConfig | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> SpeakerEncoder:
    """Build the encoder from the tensors of `pretrained_eres2netv2w24s4ep4.ckpt`.

    Raises:
        InvalidCheckpoint: a key is missing, unexpected or misshaped.
    """
    with torch.device("meta"):
        network = ERes2NetV2(config or ERes2NetConfig())
    shapes = {SPEAKER_KEYS.key_of(name): tuple(value.shape) for name, value in network.state_dict().items()}
    kept = {key: value for key, value in tensors.items() if not key.endswith("num_batches_tracked")}
    check_keys(kept, _official_shapes(shapes), SPEAKER_KEYS)
    folded = {key: _folded(key, kept) for key in shapes}
    load_module(network, folded, SPEAKER_KEYS, dtype, device)
    return SpeakerEncoder(network)


def _official_shapes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return the file's keys: statistics of normalisation in place of the biases that folding makes."""
    expected: dict[str, tuple[int, ...]] = {}
    for key, shape in shapes.items():
        norm = _norm_of(key)
        if norm is None or key.endswith(".weight") or "local_att" in key:
            expected[key] = shape
        if norm is not None and key.endswith(".bias"):
            expected.update({f"{norm}.{name}": shape for name in _STATISTICS})
    return expected


def _folded(key: str, tensors: Mapping[str, Tensor]) -> Tensor:
    """Return our weight or bias: (w x + b - mean) * scale + shift, where scale = gain / sqrt(var + eps)."""
    norm = _norm_of(key)
    if norm is None:
        return tensors[key]
    gain, shift, mean, variance = (tensors[f"{norm}.{name}"].float() for name in _STATISTICS)
    scale = gain / (variance + _BATCH_NORM_EPS).sqrt()
    if key.endswith(".weight"):
        return tensors[key].float() * scale.view(-1, 1, 1, 1)
    bias = tensors[key].float() if key in tensors else torch.zeros_like(mean)
    return (bias - mean) * scale + shift


def _norm_of(key: str) -> str | None:
    convolution = key.rsplit(".", 1)[0]
    for pattern, replacement in _NORMED:
        if pattern.fullmatch(convolution):
            return pattern.sub(replacement, convolution)
    return None
