"""Sizes come from a checkpoint's config, and a config that can't be meant is refused with a reason."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from benchmarks.checkpoint_configs import sovits_config, t2s_config
from tts_core.errors import InvalidCheckpoint
from tts_core.models.gpt_sovits.config import SoVITSConfig, T2SConfig


def changed(config: dict[str, Any], section: str, name: str, value: Any) -> dict[str, Any]:
    config = copy.deepcopy(config)
    config[section][name] = value
    return config


def without(config: dict[str, Any], section: str, name: str) -> dict[str, Any]:
    config = copy.deepcopy(config)
    del config[section][name]
    return config


def test_t2s_sizes_are_read() -> None:
    config = changed(t2s_config("v1"), "model", "n_layer", 12)

    read = T2SConfig.from_checkpoint(config)

    assert (read.num_layers, read.num_phones, read.head_dim, read.eos) == (12, 512, 32, 1024)


def test_sovits_sizes_are_read() -> None:
    config = changed(sovits_config("v2ProPlus"), "model", "resblock_kernel_sizes", [3, 5, 9])

    read = SoVITSConfig.from_checkpoint(config, "v2ProPlus")

    assert read.resblock_kernels == (3, 5, 9)
    assert (read.upsample_channels, read.upsample_kernels[0], read.style_channels) == (768, 20, 1024)
    assert read.is_pro


def test_v1_shows_the_reference_encoder_every_bin_and_has_its_own_symbols() -> None:
    read = SoVITSConfig.from_checkpoint(sovits_config("v1"), "v1")

    assert (read.reference_bins, read.num_symbols) == (1025, 322)


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (without(t2s_config("v2"), "model", "n_layer"), "model.n_layer; it is missing"),
        (changed(t2s_config("v2"), "model", "n_layer", "24"), "n_layer as integer; found '24'"),
        (changed(t2s_config("v2"), "model", "n_layer", 0), "n_layer of 1 or more; found 0"),
        (changed(t2s_config("v2"), "model", "head", True), "head as integer; found True"),
        (changed(t2s_config("v2"), "model", "head", 7), "found 512 and 7"),
        (changed(t2s_config("v2"), "model", "embedding_dim", 256), "found 256 and 512"),
        (changed(t2s_config("v2"), "model", "EOS", 2000), "below vocab_size 1025; found 2000"),
        ({"data": {}}, "a section 'model'; found None"),
    ],
)
def test_a_broken_t2s_config_is_refused(config: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidCheckpoint, match=complaint):
        T2SConfig.from_checkpoint(config)


@pytest.mark.parametrize(
    ("config", "version", "complaint"),
    [
        (sovits_config("v2"), "v3", "v1, v2, v2Pro, v2ProPlus; found v3"),
        (changed(sovits_config("v2"), "model", "resblock", "2"), "v2", "model.resblock '1'; found '2'"),
        (changed(sovits_config("v2"), "model", "semantic_frame_rate", "50hz"), "v2", "found '50hz'"),
        (changed(sovits_config("v2"), "model", "upsample_rates", [10, 8, 2, 2, 3]), "v2", "the hop of 640"),
        (
            changed(sovits_config("v2"), "model", "upsample_kernel_sizes", [16, 16]),
            "v2",
            "one upsample kernel",
        ),
        (changed(sovits_config("v2"), "model", "resblock_kernel_sizes", [3]), "v2", "dilations for each"),
        (changed(sovits_config("v2"), "model", "resblock_kernel_sizes", 3), "v2", "as list; found 3"),
        (changed(sovits_config("v2"), "model", "upsample_rates", [10, -8]), "v2", "as sizes"),
        (changed(sovits_config("v2"), "model", "gin_channels", 256), "v2", "gin_channels 512; found 256"),
        (changed(sovits_config("v2"), "model", "n_heads", 5), "v2", "its heads divide"),
    ],
)
def test_a_broken_sovits_config_is_refused(config: dict[str, Any], version: str, complaint: str) -> None:
    with pytest.raises(InvalidCheckpoint, match=complaint):
        SoVITSConfig.from_checkpoint(config, version)
