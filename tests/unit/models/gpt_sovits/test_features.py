"""HuBERT and BERT from folders of the hub's form, small ones made here."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers

from tests.unit.models.gpt_sovits.builders import tiny_sovits
from tts_core.errors import InvalidCheckpoint, MissingWeights
from tts_core.models.gpt_sovits.features import load_phone_features, load_speech_features

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "你", "好", "世", "界", ",", ".", "a", "b", "ab"]


@pytest.fixture
def hubert_folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = transformers.HubertConfig(
        hidden_size=768, num_hidden_layers=1, num_attention_heads=4, intermediate_size=32,
        conv_dim=[16] * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4,
    )  # fmt: skip
    transformers.HubertModel(config).save_pretrained(tmp_path)
    return tmp_path


@pytest.fixture
def bert_folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        num_hidden_layers=5,
        num_attention_heads=2,
        intermediate_size=32,
    )
    transformers.BertForMaskedLM(config).save_pretrained(tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join(VOCABULARY))
    return tmp_path


def test_speech_features_cover_the_recording_and_the_silence_behind_it(hubert_folder: Path) -> None:
    speech = load_speech_features(hubert_folder, torch.float32, "cpu")
    recording = torch.randn(16_000) * 0.1

    features = speech(recording)

    with torch.no_grad():
        padded = torch.cat((recording, torch.zeros(9_600)))
        expected = transformers.HubertModel.from_pretrained(hubert_folder)(padded[None]).last_hidden_state
    assert features.shape == (1, 768, 79)
    torch.testing.assert_close(features, expected.transpose(1, 2), atol=1e-5, rtol=1e-5)
    assert speech.tokens(recording, tiny_sovits().codebook).shape == (39,)


def test_phone_features_are_the_third_hidden_state_from_the_end(bert_folder: Path) -> None:
    features = load_phone_features(bert_folder, torch.float32, "cpu")

    found = features("你好,世", [2, 1, 1, 3])

    with torch.no_grad():
        whole = transformers.BertForMaskedLM.from_pretrained(bert_folder).train(mode=False)
        hidden = whole(torch.tensor([[2, 5, 6, 9, 7, 3]]), output_hidden_states=True).hidden_states[-3][
            0, 1:-1
        ]
    expected = hidden[[0, 0, 1, 2, 3, 3, 3]]
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


def test_letters_keep_one_feature_for_each_character(bert_folder: Path) -> None:
    """ "ab" is one word piece of the vocabulary; reading it so would shift every phone behind it."""
    features = load_phone_features(bert_folder, torch.float32, "cpu")

    found = features("AB好", [1, 1, 2])

    assert found.shape == (4, 16)
    assert torch.equal(found, features("ab好", [1, 1, 2]))


def test_an_alignment_of_another_length_is_refused(bert_folder: Path) -> None:
    features = load_phone_features(bert_folder, torch.float32, "cpu")

    with pytest.raises(ValueError, match="Expected 2 phone counts; found 3"):
        features("你好", [1, 1, 1])


def test_what_features_are_kept_under_follows_the_files_and_the_precision(hubert_folder: Path) -> None:
    prints = {load_speech_features(hubert_folder, torch.float32, "cpu").files.fingerprint}
    prints.add(load_speech_features(hubert_folder, torch.float32, "cpu", at_once=False).files.fingerprint)
    assert len(prints) == 1
    prints.add(load_speech_features(hubert_folder, torch.bfloat16, "cpu", at_once=False).files.fingerprint)
    path = hubert_folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    prints.add(load_speech_features(hubert_folder, torch.float32, "cpu", at_once=False).files.fingerprint)
    assert len(prints) == 3


@pytest.mark.parametrize("is_old", [False, True])
def test_weights_of_any_format_are_counted(hubert_folder: Path, is_old: bool) -> None:
    from safetensors.torch import load_file

    tensors = load_file(hubert_folder / "model.safetensors")
    expected = 2 * sum(tensor.numel() for tensor in tensors.values())
    whole = load_speech_features(hubert_folder, torch.bfloat16, "cpu").files
    assert whole.num_bytes == expected
    (hubert_folder / "model.safetensors").unlink()
    path = hubert_folder / "pytorch_model.bin"
    torch.save(tensors, path, _use_new_zipfile_serialization=not is_old)
    found = load_speech_features(hubert_folder, torch.bfloat16, "cpu").files
    assert found.num_bytes >= expected if is_old else found.num_bytes == expected


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match=str(tmp_path)):
        load_speech_features(tmp_path, torch.float32, "cpu")


def test_weights_that_do_not_fit_are_refused_instead_of_drawn_at_random(hubert_folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = hubert_folder / "model.safetensors"
    tensors = load_file(path)
    del tensors["encoder.layers.0.attention.k_proj.weight"]
    save_file(tensors, path, metadata={"format": "pt"})

    with pytest.raises(InvalidCheckpoint, match="k_proj"):
        load_speech_features(hubert_folder, torch.float32, "cpu")


def test_a_truncated_file_is_refused(hubert_folder: Path) -> None:
    path = hubert_folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])

    with pytest.raises(InvalidCheckpoint, match="can't be read"):
        load_speech_features(hubert_folder, torch.float32, "cpu")
