"""The work of T2S, from its sizes."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.engine.work import Attention, Product, Work, work_of
from tts_core.models.gpt_sovits.config import T2SConfig


def decode_work(config: T2SConfig, rows: int, kv_len: int, item_bytes: int) -> Work:
    """Return the work of one step for `rows` sequences, each of which looks at `kv_len` positions."""
    dim, layers = config.hidden_dim, config.num_layers
    parts = [part for _ in range(layers) for part in _layer(dim, rows)]
    attention = Attention(rows * kv_len * layers, dim)
    # Every position but the newest is read, whose key and value are written; both are counted once.
    state = 2 * rows * kv_len * dim * layers
    return work_of([*parts, attention, _predict(config, rows)], item_bytes, state)


def prefill_work(config: T2SConfig, num_phones: int, num_prompt: int, item_bytes: int) -> Work:
    """Return the work of reading one prompt: text looks at all text, audio at all text and at what was."""
    dim, layers, length = config.hidden_dim, config.num_layers, num_phones + num_prompt
    parts = [part for _ in range(layers) for part in _layer(dim, length)]
    pairs = num_phones * length + num_prompt * (num_prompt + 1) // 2
    bert = Product(config.bert_dim, dim, num_phones)
    state = 2 * length * dim * layers
    return work_of([*parts, Attention(pairs * layers, dim), bert, _predict(config, 1)], item_bytes, state)


def t2s_weight_bytes(config: T2SConfig, item_bytes: int) -> int:
    """Return what a decode step reads of weights."""
    return decode_work(config, 1, 1, item_bytes).weight_bytes


def _layer(dim: int, positions: int) -> Iterator[Product]:
    yield Product(dim, 3 * dim, positions)
    yield Product(dim, dim, positions)
    yield Product(dim, 4 * dim, positions)
    yield Product(4 * dim, dim, positions)


def _predict(config: T2SConfig, positions: int) -> Product:
    return Product(config.hidden_dim, config.vocab_size, positions)
