from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from benchmarks.make_checkpoint import make_checkpoint
from tts_core.errors import InvalidCheckpoint, MissingWeights
from tts_core.frontend.pipeline import phonemize
from tts_core.frontend.protocol import READINGS
from tts_core.models.gpt_sovits.checkpoint import convert_checkpoint
from tts_core.models.gpt_sovits.conditioning import read_piece
from tts_core.models.gpt_sovits.loaded_model import LoadedModel, load_model
from tts_core.models.gpt_sovits.weights import VERSIONS, WeightsPaths

WeightsOf = Callable[[str], WeightsPaths]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_told_from_its_files(version: str, model_of: Callable[[str], LoadedModel]) -> None:
    model = model_of(version)
    assert model.version == version
    assert model.symbols == ("v1" if version == "v1" else "v2")
    assert model.sample_rate_hz == 32000
    assert (model.speaker_encoder is not None) == version.startswith("v2Pro")


def test_equal_weights_have_one_fingerprint_in_any_file(weights_of: WeightsOf, tmp_path: Path) -> None:
    paths = weights_of("v2")
    converted = convert_checkpoint(paths.t2s, tmp_path)
    again = dataclasses.replace(paths, t2s=converted.weights)
    assert load_model(again, "other name").fingerprint == load_model(paths, "tiny").fingerprint


def test_other_weights_or_precision_have_another_fingerprint(
    weights_of: WeightsOf, model_of: Callable[[str], LoadedModel], tmp_path: Path
) -> None:
    paths = make_checkpoint("v2", tmp_path, tiny=True)
    hubert = torch.load(paths.hubert / "pytorch_model.bin", weights_only=True)
    next(iter(hubert.values())).flatten()[0] += 1
    torch.save(hubert, paths.hubert / "pytorch_model.bin")
    prints = [
        model_of("v2").fingerprint,
        model_of("v1").fingerprint,
        load_model(paths, "tiny").fingerprint,
        load_model(weights_of("v2"), "tiny", torch.bfloat16).fingerprint,
        load_model(weights_of("v2"), "tiny", with_phone_features=False).fingerprint,
        load_model(weights_of("v2"), "tiny", readings="reference").fingerprint,
    ]
    assert len(set(prints)) == len(prints)


def test_weights_sound_alike_in_whichever_precision(weights_of: WeightsOf) -> None:
    """What a machine computes in is its own; what it was given isn't."""
    paths = weights_of("v2")
    exact, short = load_model(paths, "tiny"), load_model(paths, "tiny", torch.bfloat16)
    assert exact.weights == short.weights
    others = [load_model(weights_of("v1"), "tiny"), load_model(paths, "tiny", readings="reference")]
    assert len({model.weights for model in (exact, *others)}) == 3


def test_a_model_reads_as_it_was_loaded_to(weights_of: WeightsOf) -> None:
    text = "Dr. Hall & 34 friends"
    for readings in READINGS:
        model = load_model(weights_of("v2"), "tiny", readings=readings)
        assert read_piece(text, "en", model) == phonemize(text, "en", readings=readings)


def test_files_that_do_not_belong_together_are_named(weights_of: WeightsOf) -> None:
    mixed = dataclasses.replace(weights_of("v2"), t2s=weights_of("v1").t2s)
    with pytest.raises(InvalidCheckpoint) as caught:
        load_model(mixed, "mixed")
    assert str(mixed.t2s) in caught.value.message
    assert str(mixed.sovits) in caught.value.message


def test_a_pro_version_without_speaker_encoder_is_refused(weights_of: WeightsOf) -> None:
    paths = dataclasses.replace(weights_of("v2Pro"), speaker=None)
    with pytest.raises(InvalidCheckpoint, match="speaker encoder") as caught:
        load_model(paths, "pro")
    assert str(paths.sovits) in caught.value.message


def test_a_wrong_speaker_encoder_is_named(weights_of: WeightsOf, tmp_path: Path) -> None:
    wrong = tmp_path / "speaker.ckpt"
    torch.save({"conv1.weight": torch.zeros(1)}, wrong)
    with pytest.raises(InvalidCheckpoint) as caught:
        load_model(dataclasses.replace(weights_of("v2Pro"), speaker=wrong), "pro")
    assert str(wrong) in caught.value.message


def test_a_missing_folder_is_named(weights_of: WeightsOf, tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match="nowhere"):
        load_model(dataclasses.replace(weights_of("v2"), bert=tmp_path / "nowhere"), "v2")
