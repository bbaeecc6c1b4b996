"""Stand-ins for the models beside GPT-SoVITS, in the hub's formats: HuBERT, BERT, speaker encoder.

They have the real architectures and, unless tiny, the real sizes; their weights come from the formula.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from string import ascii_lowercase, digits, punctuation

import torch
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertForMaskedLM, HubertConfig, HubertModel, PretrainedConfig

from benchmarks.formula_weights import formula_tensor
from benchmarks.speaker_shapes import speaker_shapes

_SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_FULL_VOCABULARY = 21128
_HAN_RANGE = (0x4E00, 0x9FA6)
_TINY_HAN = 512
_FULL_WIDTH_PUNCTUATION = "，。！？；：、…—“”‘’（）《》"
# Newer torch spells weight norm as a parametrisation; the published file keeps the older names.
_OLD_NAMES = {
    "parametrizations.weight.original0": "weight_g",
    "parametrizations.weight.original1": "weight_v",
}


def write_hubert(folder: Path, *, tiny: bool) -> None:
    """Write a HuBERT base folder. The tiny one keeps the 768 output channels and the frame rate."""
    config = HubertConfig()
    if tiny:
        config = HubertConfig(
            num_hidden_layers=1,
            intermediate_size=64,
            conv_dim=(32,) * 7,
            num_conv_pos_embeddings=16,
        )
    with torch.device("meta"):
        shapes = _shapes(HubertModel(config))
    _write_folder(folder, config, shapes)
    preprocessor = {
        "feature_extractor_type": "Wav2Vec2FeatureExtractor",
        "do_normalize": True,
        "feature_size": 1,
        "padding_side": "right",
        "padding_value": 0,
        "return_attention_mask": False,
        "sampling_rate": 16000,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2))


def write_bert(folder: Path, *, tiny: bool) -> None:
    """Write a BERT large folder. The tiny one keeps the 1024 channels, and three layers to choose from."""
    vocabulary = _vocabulary(tiny=tiny)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=1024,
        num_attention_heads=16,
        num_hidden_layers=3 if tiny else 24,
        intermediate_size=64 if tiny else 4096,
    )
    with torch.device("meta"):
        shapes = _shapes(BertForMaskedLM(config))
    # The output layer is tied to the embeddings and is made from them at load.
    shapes = {key: shape for key, shape in shapes.items() if ".decoder." not in key}
    _write_folder(folder, config, shapes)
    BertWordPieceTokenizer(vocab=vocabulary, lowercase=True).save(str(folder / "tokenizer.json"))


def write_speaker(path: Path) -> None:
    """Write a speaker encoder. There is no tiny one: its 20480 outputs fix its width."""
    tensors = {key: _speaker_tensor(key, shape) for key, shape in speaker_shapes().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(tensors, path)


def _speaker_tensor(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Batch norm gets the statistics of untouched data: the formula's could be a negative variance."""
    if key.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    if key.endswith("running_mean"):
        return torch.zeros(shape).half()
    if key.endswith("running_var"):
        return torch.ones(shape).half()
    return torch.from_numpy(formula_tensor(key, shape)).half()


def _shapes(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    shapes = {}
    for key, value in model.state_dict().items():
        for new, old in _OLD_NAMES.items():
            key = key.replace(new, old)
        shapes[key] = tuple(value.shape)
    return shapes


def _write_folder(folder: Path, config: PretrainedConfig, shapes: Mapping[str, tuple[int, ...]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    tensors = {key: torch.from_numpy(formula_tensor(key, shape)).half() for key, shape in shapes.items()}
    torch.save(tensors, folder / "pytorch_model.bin")


def _vocabulary(*, tiny: bool) -> dict[str, int]:
    """Every Han character of the basic block is a word of its own, as in the real vocabulary."""
    first, last = _HAN_RANGE
    han = [chr(code) for code in range(first, first + _TINY_HAN if tiny else last)]
    letters = [*ascii_lowercase, *digits]
    words = [*_SPECIAL_TOKENS, *punctuation, *letters, *(f"##{one}" for one in letters)]
    words += [*_FULL_WIDTH_PUNCTUATION, *han]
    if not tiny:
        words += [f"[unused{index}]" for index in range(_FULL_VOCABULARY - len(words))]
    return {word: index for index, word in enumerate(words)}
