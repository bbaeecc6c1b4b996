"""A loaded model is packed where that is possible, and its fingerprint tells."""

from __future__ import annotations

import gc

import pytest
import torch

from benchmarks.make_checkpoint import make_checkpoint
from tts_core.models.gpt_sovits import features, loaded_model
from tts_core.models.gpt_sovits.loaded_model import LoadedModel, load_model
from tts_core.models.gpt_sovits.packed.linear import PackedLinear
from tts_core.models.gpt_sovits.weights import WeightsPaths


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> WeightsPaths:
    return make_checkpoint("v2", tmp_path_factory.mktemp("weights"), tiny=True)


def is_packed(model: LoadedModel) -> list[bool]:
    assert model.phone_features is not None
    parts = (model.t2s, model.sovits, model.speech_features.hubert, model.phone_features.bert)
    return [any(isinstance(module, PackedLinear) for module in part.modules()) for part in parts]


def test_all_parts_are_packed_and_still_listen_and_read(paths: WeightsPaths, dtype: torch.dtype) -> None:
    model = load_model(paths, "tiny", dtype)
    assert model.phone_features is not None

    tokens = model.speech_features.tokens(torch.zeros(16_000), model.sovits.codebook)
    bert = model.phone_features("你好", (2, 1))

    assert is_packed(model) == [True] * 4
    assert tokens.shape == (39,)
    assert bert.shape[0] == 3
    assert bert.dtype is dtype


def test_a_machine_that_packs_nothing_loads_plain_modules_under_another_fingerprint(
    paths: WeightsPaths, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = load_model(paths, "tiny", dtype).fingerprint
    gc.collect()  # side models are shared while anyone holds them
    for module in (loaded_model, features):
        monkeypatch.setattr(module, "can_pack", lambda *_: False)
    plain = load_model(paths, "tiny", dtype)

    assert is_packed(plain) == [False] * 4
    assert plain.fingerprint != packed
    assert plain.dtype is dtype
