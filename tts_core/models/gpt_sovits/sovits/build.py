"""Build SoVITS from an s2G file's tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.loading import KeyScheme, load_module
from tts_core.models.gpt_sovits.sovits.model import SoVITS

_NORMED = re.compile(r"dec\.(ups|resblocks)\..*weight|flow\..*\.enc\..*weight")


def _is_weight_normed(key: str) -> bool:
    return _NORMED.fullmatch(key) is not None


SOVITS_KEYS = KeyScheme(
    model="SoVITS",
    renames=(
        ("codebook.project.", "ssl_proj."),
        ("codebook.codes.weight", "quantizer.vq.layers.0._codebook.embed"),
        ("style.spectral.spectral.0.", "ref_enc.spectral.0.fc."),
        ("style.spectral.spectral.1.", "ref_enc.spectral.3.fc."),
        ("style.spectral.fc.", "ref_enc.fc.fc."),
        ("style.spectral.", "ref_enc."),
        ("conv1.", "conv1.conv."),
        ("style.", ""),
        ("text_encoder.", "enc_p."),
        ("generator.", "dec."),
    ),
    # The posterior encoder and the codebook's running statistics serve training alone.
    ignored=(
        "enc_q.",
        "quantizer.vq.layers.0._codebook.inited",
        "quantizer.vq.layers.0._codebook.cluster_size",
        "quantizer.vq.layers.0._codebook.embed_avg",
    ),
    exact=("quantizer.", "ssl_proj."),
    weight_normed=_is_weight_normed,
)


def build_sovits(
    tensors: Mapping[str, Tensor],
    config: SoVITSConfig,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> SoVITS:
    """Build the model from an s2G file's tensors, under their official keys, with or without `enc_q`.

    Raises:
        InvalidCheckpoint: a key is missing, unexpected or misshaped.
    """
    with torch.device("meta"):
        model = SoVITS(config)
    load_module(model, tensors, SOVITS_KEYS, dtype, device)
    return model
