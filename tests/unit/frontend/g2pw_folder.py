"""A G2PW folder in the published form: official file formats, and a network of some thousand weights.

The network has the published one's inputs, its output and its arithmetic behind BERT: hidden states at the
questions' positions, a softmax weighted by mask and character. In BERT's place, a character's hidden state is
its embedding, weighted by those of the tokens around it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tts_core.frontend.g2pw import adopt_model

HELP = "Run: polyvox weights pull g2pw"

POLYPHONIC = (
    "行 ㄒㄧㄥ2,行 ㄏㄤ2,長 ㄔㄤ2,長 ㄓㄤ3,重 ㄓㄨㄥ4,重 ㄔㄨㄥ2,樂 ㄌㄜ4,樂 ㄩㄝ4,"
    "率 ㄌㄩ4,率 ㄕㄨㄞ4,還 ㄏㄞ2,還 ㄏㄨㄢ2,覺 ㄐㄧㄠ4,覺 ㄐㄩㄝ2,得 ㄉㄜ2,得 ㄉㄟ3,"
    "不 ㄉㄜ1,不 ㄈㄡ3,皛 ㄐㄧㄠ3,皛 ㄒㄧㄠ3,唉 ㄞ1,唉 ㄞ4,似 ㄙ4,似 ㄕ4"
)
MONOPHONIC = "期 ㄑㄧ2,攢 ㄉㄜ1,危 ㄨㄟ2,似 ㄙ4,麤 ㄘㄨ3,龘 ㄉㄜ1,靐 ㄉㄜ1,齾 ㄉㄜ1,恁 ㄗㄗ4"
PINYIN = {
    "ㄒㄧㄥ": "xing",
    "ㄏㄤ": "hang",
    "ㄔㄤ": "chang",
    "ㄓㄤ": "zhang",
    "ㄓㄨㄥ": "zhong",
    "ㄔㄨㄥ": "chong",
    "ㄌㄜ": "le",
    "ㄩㄝ": "yue",
    "ㄌㄩ": "lv",
    "ㄕㄨㄞ": "shuai",
    "ㄏㄞ": "hai",
    "ㄏㄨㄢ": "huan",
    "ㄐㄧㄠ": "jiao",
    "ㄐㄩㄝ": "jue",
    "ㄉㄜ": "de",
    "ㄉㄟ": "dei",
    "ㄈㄡ": "fou",
    "ㄒㄧㄠ": "xiao",
    "ㄞ": "ai",
    "ㄙ": "si",
    "ㄕ": "shi",
    "ㄑㄧ": "qi",
    "ㄨㄟ": "wei",
    "ㄘㄨ": "cu",
    "ㄗㄗ": "zz",  # no phones
}
CHARS = "行長重樂率還覺得不皛唉似他們走了的人很好銀家在這裡音,.!?…"
CONFIG = "import os\nmodel_source = 'bert-base-chinese'\nuse_mask = True\nuse_char_phoneme = {}\n"
_HIDDEN = 24


def write_folder(root: Path, *, own_labels: bool = True, seed: int = 7) -> tuple[Path, Path]:
    """Write a model to a weights folder; return its own folder and the tokenizer's file."""
    folder = root / "G2PWModel"
    num_chars, num_labels = write_tables(folder, own_labels=own_labels)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *CHARS]
    onnx.save(network(len(tokens), num_chars, num_labels, seed), folder / "g2pW.onnx")
    tokenizer = root / "chinese-roberta-wwm-ext-large/tokenizer.json"
    tokenizer.parent.mkdir()
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer.write_text(json.dumps({"model": {"type": "WordPiece", "vocab": vocabulary}}), encoding="utf-8")
    return folder, tokenizer


def write_tables(folder: Path, *, own_labels: bool = True) -> tuple[int, int]:
    """Write all but the network; return how many characters and labels it must have."""
    folder.mkdir(parents=True)
    (folder / "POLYPHONIC_CHARS.txt").write_text(lines(POLYPHONIC), encoding="utf-8")
    (folder / "MONOPHONIC_CHARS.txt").write_text(lines(MONOPHONIC), encoding="utf-8")
    (folder / "bopomofo_to_pinyin_wo_tune_dict.json").write_text(json.dumps(PINYIN), encoding="utf-8")
    (folder / "config.py").write_text(CONFIG.format(own_labels), encoding="utf-8")
    pairs = [pair.split(" ") for pair in POLYPHONIC.split(",")]
    labels = {f"{char} {sound}" if own_labels else sound for char, sound in pairs}
    return len({char for char, _ in pairs}), len(labels)


def lines(pairs: str) -> str:
    return pairs.replace(" ", "\t").replace(",", "\n") + "\n"


def network(num_tokens: int, num_chars: int, num_labels: int, seed: int) -> onnx.ModelProto:
    random = np.random.default_rng(seed)

    def weights(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    constants = {
        "words": 3 * weights(num_tokens, _HIDDEN),
        "kinds": weights(2, _HIDDEN),
        "classes": weights(_HIDDEN, num_labels),
        "affects": 8 * weights(num_chars, num_labels),
        "zero": np.int64(0),
        "one": np.int64(1),
        "last": np.array([-1], np.int64),
        "second": np.array([1], np.int64),
        "least": np.float32(1e-6),
        "most": np.float32(1 - 1e-6),
    }
    graph = helper.make_graph(
        [*_hidden_states(), *_questions(), *_weighted_softmax()],
        "g2pw",
        _inputs(num_labels),
        [helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["questions", num_labels])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def _inputs(num_labels: int) -> list[onnx.ValueInfoProto]:
    sequence: list[str | int | None] = ["sequences", "tokens"]
    questions: list[str | int | None] = ["questions"]
    value = helper.make_tensor_value_info
    return [
        value("input_ids", TensorProto.INT64, sequence),
        value("token_type_ids", TensorProto.INT64, sequence),
        value("attention_mask", TensorProto.INT64, sequence),
        value("phoneme_mask", TensorProto.FLOAT, ["questions", num_labels]),
        value("char_ids", TensorProto.INT64, questions),
        value("position_ids", TensorProto.INT64, questions),
    ]


def _hidden_states() -> list[onnx.NodeProto]:
    """(sequences, tokens, hidden): each token's embedding, weighted by all that aren't masked."""
    node = helper.make_node
    return [
        node("Gather", ["words", "input_ids"], ["word"]),
        node("Gather", ["kinds", "token_type_ids"], ["kind"]),
        node("Add", ["word", "kind"], ["embedded"]),
        node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["mask", "last"], ["column"]),
        node("Mul", ["embedded", "column"], ["kept"]),
        node("ReduceSum", ["kept", "second"], ["sum"]),
        node("Tanh", ["sum"], ["context"]),
        node("Mul", ["embedded", "context"], ["hidden"]),
    ]


def _questions() -> list[onnx.NodeProto]:
    """(questions, hidden): indexed by a range over the sequences and the positions, as PyTorch exports it."""
    node = helper.make_node
    return [
        node("Shape", ["input_ids"], ["shape"]),
        node("Gather", ["shape", "zero"], ["sequences"]),
        node("Range", ["zero", "sequences", "one"], ["range"]),
        node("Mul", ["position_ids", "zero"], ["zeros"]),
        node("Add", ["range", "zeros"], ["rows"]),
        node("Unsqueeze", ["rows", "last"], ["rows_column"]),
        node("Unsqueeze", ["position_ids", "last"], ["positions_column"]),
        node("Concat", ["rows_column", "positions_column"], ["places"], axis=1),
        node("GatherND", ["hidden", "places"], ["chosen"]),
    ]


def _weighted_softmax() -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("MatMul", ["chosen", "classes"], ["logits"]),
        node("Gather", ["affects", "char_ids"], ["affect"]),
        node("Sigmoid", ["affect"], ["affected"]),
        node("Mul", ["phoneme_mask", "affected"], ["weight"]),
        node("ReduceMax", ["logits"], ["peak"], axes=[1]),
        node("Sub", ["logits", "peak"], ["shifted"]),
        node("Exp", ["shifted"], ["exp"]),
        node("Mul", ["exp", "weight"], ["weighted"]),
        node("ReduceSum", ["weighted", "second"], ["norm"]),
        node("Div", ["weighted", "norm"], ["share"]),
        node("Clip", ["share", "least", "most"], ["probs"]),
    ]


def adopt(root: Path, *, own_labels: bool = True, seed: int = 7) -> Path:
    """Have this process read with a new model, and return its folder."""
    folder, tokenizer = write_folder(root, own_labels=own_labels, seed=seed)
    assert adopt_model(folder, tokenizer, HELP)
    return folder
