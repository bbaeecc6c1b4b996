"""T2S the slow, obvious way: one sequence, no cache, everything computed again at each step.

What batches, caches and padding have to equal. For tests and parity checks.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.t2s import T2S
from tts_core.models.gpt_sovits.t2s_layers import T2SLayer

Picker = Callable[[Tensor, int], int]
"""From logits (vocab,) and the step's number to a token."""


@torch.inference_mode()
def generate_alone(
    model: T2S, phones: Tensor, bert: Tensor, prompt: Tensor, num_steps: int, pick: Picker
) -> tuple[Tensor, Tensor]:
    """Return `num_steps` tokens and their logits (num_steps, vocab) for one sequence.

    Args:
        phones: (P,); bert: (P, bert_dim); prompt: (Y,).
        pick: how a token is chosen; end of speech is its business.
    """
    tokens, rows = prompt.clone(), []
    for step in range(num_steps):
        logits = next_logits(model, phones, bert, tokens)
        rows.append(logits)
        tokens = torch.cat((tokens, tokens.new_tensor([pick(logits, step)])))
    return tokens[len(prompt) :], torch.stack(rows)


def next_logits(model: T2S, phones: Tensor, bert: Tensor, tokens: Tensor) -> Tensor:
    """Return the logits (vocab,) of the token after `tokens`."""
    text = model.text_embedding(phones) + model.bert_proj(bert.to(model.dtype))
    audio = model.audio_embedding(tokens)
    x = torch.cat((text + model.text_positions[: len(phones)], audio + model.audio_positions[: len(tokens)]))
    for layer in model.transformer_layers():
        x = _layer(layer, x, len(phones))
    logits: Tensor = model.predict(x[-1])
    return logits.float()


def _layer(layer: T2SLayer, x: Tensor, num_text: int) -> Tensor:
    query, key, value = (_heads(part, layer.num_heads) for part in layer.qkv(x).chunk(3, dim=1))
    scores = query @ key.transpose(1, 2) / key.shape[2] ** 0.5
    for row in range(len(x)):
        scores[:, row, max(num_text, row + 1) :] = -torch.inf
    attended = (scores.softmax(dim=2) @ value).transpose(0, 1).reshape(x.shape)
    x = layer.norm1(x + layer.out(attended))
    result: Tensor = layer.norm2(x + layer.contract(layer.expand(x).relu()))
    return result


def _heads(x: Tensor, num_heads: int) -> Tensor:
    return x.view(len(x), num_heads, -1).transpose(0, 1)
