"""A checkpoint fits a model exactly or is refused by name."""

from __future__ import annotations

import pytest
import torch

from tests.unit.models.gpt_sovits.builders import sovits_tensors, t2s_tensors
from tts_core.errors import InvalidCheckpoint
from tts_core.models.gpt_sovits.loading import fold_weight_norm
from tts_core.models.gpt_sovits.sovits import build_sovits
from tts_core.models.gpt_sovits.t2s import build_t2s


def test_a_missing_tensor_is_named() -> None:
    tensors, config = t2s_tensors()
    del tensors["model.h.layers.1.self_attn.in_proj_bias"]

    with pytest.raises(InvalidCheckpoint, match=r"T2S needs model\.h\.layers\.1\.self_attn\.in_proj_bias"):
        build_t2s(tensors, config)


def test_an_unexpected_tensor_is_named() -> None:
    tensors, config = sovits_tensors()
    tensors["cfm.estimator.weight"] = torch.zeros(1)

    with pytest.raises(InvalidCheckpoint, match=r"no place for cfm\.estimator\.weight"):
        build_sovits(tensors, config)


def test_a_misshaped_tensor_is_named_with_both_shapes() -> None:
    tensors, config = sovits_tensors()
    tensors["dec.ups.1.weight_g"] = torch.zeros(5, 1, 1)

    with pytest.raises(
        InvalidCheckpoint, match=r"dec\.ups\.1\.weight_g of shape \(32, 1, 1\); found \(5, 1, 1\)"
    ):
        build_sovits(tensors, config)


def test_integers_are_refused() -> None:
    tensors, config = t2s_tensors()
    tensors["model.bert_proj.bias"] = torch.zeros(64, dtype=torch.int64)

    with pytest.raises(InvalidCheckpoint, match=r"bert_proj\.bias in floats; found torch\.int64"):
        build_t2s(tensors, config)


def test_another_version_s_tensors_are_refused() -> None:
    tensors, _ = sovits_tensors("v2Pro")
    _, config = sovits_tensors("v2")

    with pytest.raises(InvalidCheckpoint, match=r"SoVITS has no place for .*sv_emb"):
        build_sovits(tensors, config)


def test_what_only_training_needs_is_ignored_or_may_be_absent() -> None:
    tensors, config = sovits_tensors()
    tensors["enc_q.pre.weight"] = torch.zeros(3)
    del tensors["quantizer.vq.layers.0._codebook.embed_avg"]

    build_sovits(tensors, config)


def test_weight_norm_is_folded_as_torch_computes_it() -> None:
    scale, direction = torch.rand(6, 1, 1), torch.randn(6, 4, 3)

    folded = fold_weight_norm(scale, direction)

    torch.testing.assert_close(folded, torch._weight_norm(direction, scale, 0))


def test_tensors_of_the_right_precision_are_shared_not_copied() -> None:
    tensors, config = t2s_tensors()

    model = build_t2s(tensors, config)

    assert model.predict.weight.data_ptr() == tensors["model.ar_predict_layer.weight"].data_ptr()


def test_a_model_runs_in_the_precision_asked_for_but_finds_tokens_in_float32() -> None:
    tensors, config = sovits_tensors()

    model = build_sovits(tensors, config, torch.bfloat16)

    assert model.dtype is torch.bfloat16
    assert model.codebook.codes.weight.dtype is torch.float32
    assert not any(parameter.requires_grad for parameter in model.parameters())
