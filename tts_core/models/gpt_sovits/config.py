"""Sizes of a GPT-SoVITS model, read from a checkpoint's own config."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from tts_core.errors import InvalidCheckpoint

SoVITSVersion = Literal["v1", "v2", "v2Pro", "v2ProPlus"]

PRO_VERSIONS = ("v2Pro", "v2ProPlus")
NUM_SYMBOLS = {"v1": 322, "v2": 732, "v2Pro": 732, "v2ProPlus": 732}
REFERENCE_BINS = 704
"""Spectrogram bins that every version after v1 shows its reference encoder; v1 shows all of them."""

_ABSENT = object()
_KINDS: dict[str, tuple[type, ...]] = {"integer": (int,), "text": (str,), "list": (list, tuple)}


def _read(config: Mapping[str, Any], section: str, name: str, kind: str) -> Any:
    """Return `config[section][name]`, checked to be a `kind` of `_KINDS`.

    Raises:
        InvalidCheckpoint: the entry is missing or is something else.
    """
    entries = config.get(section)
    if not isinstance(entries, Mapping):
        raise InvalidCheckpoint(f"The checkpoint's config needs a section {section!r}; found {entries!r}.")
    value = entries.get(name, _ABSENT)
    if value is _ABSENT:
        raise InvalidCheckpoint(f"The checkpoint's config needs {section}.{name}; it is missing.")
    if not isinstance(value, _KINDS[kind]) or isinstance(value, bool):
        raise InvalidCheckpoint(f"The checkpoint's config needs {section}.{name} as {kind}; found {value!r}.")
    return value


def _size(config: Mapping[str, Any], section: str, name: str) -> int:
    value = _read(config, section, name, "integer")
    if value < 1:
        raise InvalidCheckpoint(
            f"The checkpoint's config needs {section}.{name} of 1 or more; found {value}."
        )
    return int(value)


def _sizes(config: Mapping[str, Any], section: str, name: str) -> tuple[int, ...]:
    values = tuple(_read(config, section, name, "list"))
    if not values or not all(isinstance(value, int) and value > 0 for value in values):
        raise InvalidCheckpoint(f"The checkpoint's config needs {section}.{name} as sizes; found {values!r}.")
    return values


@dataclass(frozen=True)
class T2SConfig:
    """Sizes of the text-to-semantic transformer."""

    vocab_size: int
    """Semantic tokens, the end-of-speech token included."""
    num_phones: int
    hidden_dim: int
    num_heads: int
    num_layers: int
    eos: int
    bert_dim: int = 1024
    max_positions: int = 4000

    @property
    def head_dim(self) -> int:
        return self.hidden_dim // self.num_heads

    def __post_init__(self) -> None:
        if self.hidden_dim % self.num_heads or self.hidden_dim % 2:
            raise InvalidCheckpoint(
                "T2S needs an even hidden_dim that its heads divide; "
                f"found {self.hidden_dim} and {self.num_heads}."
            )
        if not 0 <= self.eos < self.vocab_size:
            raise InvalidCheckpoint(f"T2S needs EOS below vocab_size {self.vocab_size}; found {self.eos}.")

    @classmethod
    def from_checkpoint(cls, config: Mapping[str, Any]) -> T2SConfig:
        """Read the sizes from the `config` of an s1 file.

        Raises:
            InvalidCheckpoint: an entry is missing, misshaped or contradicts another.
        """
        hidden, embedding = _size(config, "model", "hidden_dim"), _size(config, "model", "embedding_dim")
        if hidden != embedding:
            raise InvalidCheckpoint(
                f"T2S needs model.embedding_dim equal to model.hidden_dim; found {embedding} and {hidden}."
            )
        return cls(
            vocab_size=_size(config, "model", "vocab_size"),
            num_phones=_size(config, "model", "phoneme_vocab_size"),
            hidden_dim=hidden,
            num_heads=_size(config, "model", "head"),
            num_layers=_size(config, "model", "n_layer"),
            eos=_size(config, "model", "EOS"),
        )


@dataclass(frozen=True)
class SoVITSConfig:
    """Sizes of the semantic-to-audio model. Fields with defaults are not in any checkpoint's config."""

    version: SoVITSVersion
    sample_rate_hz: int
    fft_samples: int
    hop_samples: int
    latent_channels: int
    hidden_channels: int
    ffn_channels: int
    num_heads: int
    num_layers: int
    kernel_size: int
    resblock_kernels: tuple[int, ...]
    resblock_dilations: tuple[tuple[int, ...], ...]
    upsample_rates: tuple[int, ...]
    upsample_kernels: tuple[int, ...]
    upsample_channels: int
    style_channels: int
    num_symbols: int
    reference_bins: int
    ssl_channels: int = 768
    codebook_size: int = 1024
    mrte_channels: int = 512
    mrte_heads: int = 4
    reference_hidden: int = 128
    reference_heads: int = 2
    speaker_channels: int = 20480
    attention_window: int = 4
    num_flows: int = 4
    flow_layers: int = 4
    flow_kernel: int = 5

    def __post_init__(self) -> None:
        self._check_generator()
        if self.hidden_channels % self.num_heads or self.latent_channels % 2:
            raise InvalidCheckpoint(
                "SoVITS needs hidden channels that its heads divide and even latent channels; found "
                f"{self.hidden_channels}, {self.num_heads} and {self.latent_channels}."
            )
        if not self.is_pro and self.style_channels != self.mrte_channels:
            raise InvalidCheckpoint(
                f"SoVITS {self.version} needs gin_channels {self.mrte_channels}; found {self.style_channels}."
            )

    def _check_generator(self) -> None:
        if len(self.upsample_rates) != len(self.upsample_kernels):
            raise InvalidCheckpoint(
                "SoVITS needs one upsample kernel for each upsample rate; found "
                f"{self.upsample_kernels} for {self.upsample_rates}."
            )
        if len(self.resblock_kernels) != len(self.resblock_dilations):
            raise InvalidCheckpoint(
                "SoVITS needs dilations for each resblock kernel; found "
                f"{self.resblock_dilations} for {self.resblock_kernels}."
            )
        if math.prod(self.upsample_rates) != self.hop_samples:
            raise InvalidCheckpoint(
                f"SoVITS needs upsample rates whose product is the hop of {self.hop_samples}; "
                f"found {self.upsample_rates}."
            )

    @property
    def is_pro(self) -> bool:
        """Whether the voice also needs a speaker embedding."""
        return self.version in PRO_VERSIONS

    @classmethod
    def from_checkpoint(cls, config: Mapping[str, Any], version: str) -> SoVITSConfig:
        """Read the sizes from the `config` of an s2G file whose version is known.

        Raises:
            InvalidCheckpoint: the version is not one of ours, or an entry is missing or misshaped.
        """
        if version not in get_args(SoVITSVersion):
            raise InvalidCheckpoint(
                f"SoVITS is supported as {', '.join(get_args(SoVITSVersion))}; found {version}."
            )
        _check_variant(config)
        fft_samples = _size(config, "data", "filter_length")
        return cls(
            version=version,  # type: ignore[arg-type]
            sample_rate_hz=_size(config, "data", "sampling_rate"),
            fft_samples=fft_samples,
            hop_samples=_size(config, "data", "hop_length"),
            latent_channels=_size(config, "model", "inter_channels"),
            hidden_channels=_size(config, "model", "hidden_channels"),
            ffn_channels=_size(config, "model", "filter_channels"),
            num_heads=_size(config, "model", "n_heads"),
            num_layers=_size(config, "model", "n_layers"),
            kernel_size=_size(config, "model", "kernel_size"),
            resblock_kernels=_sizes(config, "model", "resblock_kernel_sizes"),
            resblock_dilations=_dilations(config),
            upsample_rates=_sizes(config, "model", "upsample_rates"),
            upsample_kernels=_sizes(config, "model", "upsample_kernel_sizes"),
            upsample_channels=_size(config, "model", "upsample_initial_channel"),
            style_channels=_size(config, "model", "gin_channels"),
            num_symbols=NUM_SYMBOLS[version],
            reference_bins=fft_samples // 2 + 1 if version == "v1" else REFERENCE_BINS,
        )


def _check_variant(config: Mapping[str, Any]) -> None:
    """Refuse the two variants that no released checkpoint uses, rather than compute something else."""
    for name, expected in (("resblock", "1"), ("semantic_frame_rate", "25hz")):
        found = _read(config, "model", name, "text")
        if found != expected:
            raise InvalidCheckpoint(f"SoVITS needs model.{name} {expected!r}; found {found!r}.")


def _dilations(config: Mapping[str, Any]) -> tuple[tuple[int, ...], ...]:
    rows = _read(config, "model", "resblock_dilation_sizes", "list")
    return tuple(
        _sizes({"model": {"resblock_dilation_sizes": row}}, "model", "resblock_dilation_sizes")
        for row in rows
    )
