"""The configurations that official checkpoints carry, and small ones of the same form."""

from __future__ import annotations

from typing import Any

Config = dict[str, Any]

NUM_SYMBOLS = {"v1": 322, "v2": 732, "v2Pro": 732, "v2ProPlus": 732}
PRO_VERSIONS = ("v2Pro", "v2ProPlus")


def t2s_config(version: str, *, tiny: bool = False) -> Config:
    """Return the config of an s1 file. The tiny one has 2 layers of 64 in place of 24 of 512."""
    width, layers, heads = (64, 2, 4) if tiny else (512, 24, 16)
    return {
        "data": {"max_eval_sample": 8, "max_sec": 54, "num_workers": 4, "pad_val": 1024},
        "inference": {"top_k": 15},
        "model": {
            "EOS": 1024,
            "dropout": 0,
            "embedding_dim": width,
            "head": heads,
            "hidden_dim": width,
            "linear_units": 4 * width,
            "n_layer": layers,
            "phoneme_vocab_size": 512 if version == "v1" else 732,
            "random_bert": 0,
            "vocab_size": 1025,
        },
        "train": {"batch_size": 8, "epochs": 20, "precision": "16-mixed", "seed": 1234},
    }


def sovits_config(version: str, *, tiny: bool = False) -> Config:
    """Return the config of an s2G file. Rates and kernels are the version's in the tiny one too.

    That one is narrower, and only its longest blocks, which decide the receptive field, have all their
    convolutions.
    """
    return {
        "train": {
            "epochs": 100,
            "fp16_run": True,
            "learning_rate": 1e-4,
            "segment_size": 20480,
            "seed": 1234,
        },
        "data": {
            "filter_length": 2048,
            "hop_length": 640,
            "max_wav_value": 32768.0,
            "mel_fmax": None,
            "mel_fmin": 0.0,
            "n_mel_channels": 128,
            "n_speakers": 300,
            "sampling_rate": 32000,
            "win_length": 2048,
        },
        "model": _sovits_model(version, tiny=tiny),
        "content_module": "cnhubert",
        "version": version,
    }


def _sovits_model(version: str, *, tiny: bool) -> Config:
    is_plus = version == "v2ProPlus"
    hidden, filters, layers = (32, 64, 2) if tiny else (192, 768, 6)
    generator = 64 if tiny else 512
    return {
        "filter_channels": filters,
        "freeze_quantizer": True,
        "gin_channels": _style_channels(version, tiny=tiny),
        "hidden_channels": hidden,
        "inter_channels": hidden,
        "kernel_size": 3,
        "n_heads": 2,
        "n_layers": layers,
        "p_dropout": 0.0,
        "resblock": "1",
        "resblock_dilation_sizes": [[1], [3], [1, 3, 5]] if tiny else [[1, 3, 5]] * 3,
        "resblock_kernel_sizes": [3, 7, 11],
        "semantic_frame_rate": "25hz",
        "upsample_initial_channel": generator * 3 // 2 if is_plus else generator,
        "upsample_kernel_sizes": [20 if is_plus else 16, 16, 8, 2, 2],
        "upsample_rates": [10, 8, 2, 2, 2],
        "use_spectral_norm": False,
        "version": version,
    }


def _style_channels(version: str, *, tiny: bool) -> int:
    """Before Pro the style joins MRTE's 512 channels directly, so it can't be narrower."""
    if version not in PRO_VERSIONS:
        return 512
    return 64 if tiny else 1024
