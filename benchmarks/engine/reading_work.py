"""The work of the models beside, from their configs: BERT for Chinese text, HuBERT for recordings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.engine.work import Attention, Product, Work, conv_length, work_of


def bert_work(config: Any, num_layers: int, num_tokens: int, item_bytes: int) -> Work:
    """Return the work of `num_layers` of BERT over `num_tokens`, embeddings looked up for nothing.

    Args:
        config: of transformers: `hidden_size` and `intermediate_size`.
    """
    return work_of(_layers(config, num_layers, num_tokens), item_bytes)


def hubert_work(config: Any, num_samples: int, item_bytes: int) -> Work:
    """Return the work of HuBERT over a recording at 16 kHz.

    Args:
        config: of transformers: `conv_dim`, `conv_kernel`, `conv_stride`, `num_conv_pos_embeddings`,
            `num_conv_pos_embedding_groups` and the sizes of the layers.
    """
    parts: list[Product | Attention] = []
    inputs, length = 1, num_samples
    for outputs, kernel, stride in zip(config.conv_dim, config.conv_kernel, config.conv_stride, strict=True):
        length = conv_length(length, kernel, stride)
        parts.append(Product(inputs, outputs, length, kernel))
        inputs = outputs
    hidden, groups = config.hidden_size, config.num_conv_pos_embedding_groups
    parts.append(Product(inputs, hidden, length))
    parts.append(Product(hidden // groups, hidden, length, config.num_conv_pos_embeddings))
    parts.extend(_layers(config, config.num_hidden_layers, length))
    return work_of(parts, item_bytes)


def _layers(config: Any, num_layers: int, positions: int) -> Iterator[Product | Attention]:
    hidden, wide = config.hidden_size, config.intermediate_size
    for _ in range(num_layers):
        for _ in range(4):
            yield Product(hidden, hidden, positions)
        yield Attention(positions * positions, hidden)
        yield Product(hidden, wide, positions)
        yield Product(wide, hidden, positions)
