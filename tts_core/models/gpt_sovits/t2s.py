"""T2S: phones and a prompt's semantic tokens in, one row of logits over semantic tokens per step out.

Scheduling, sampling and end of speech are the caller's: this is a function of tensors, with all state in the
cache. A row of a batch is never reduced together with another, and free slots may compute garbage that nobody
reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from tts_core.models.gpt_sovits.config import T2SConfig
from tts_core.models.gpt_sovits.kv_cache import KVCache
from tts_core.models.gpt_sovits.layers import additive, filled_up
from tts_core.models.gpt_sovits.loading import KeyScheme, empty_embedding, load_module
from tts_core.models.gpt_sovits.t2s_layers import T2SLayer, sine_table

Padding = Literal["left", "right"]

T2S_KEYS = KeyScheme(
    model="T2S",
    renames=(
        ("text_alpha", "model.ar_text_position.alpha"),
        ("audio_alpha", "model.ar_audio_position.alpha"),
        ("text_embedding", "model.ar_text_embedding.word_embeddings"),
        ("audio_embedding", "model.ar_audio_embedding.word_embeddings"),
        ("bert_proj", "model.bert_proj"),
        ("predict", "model.ar_predict_layer"),
        ("layers.", "model.h.layers."),
        ("qkv.", "self_attn.in_proj_"),
        (".out.", ".self_attn.out_proj."),
        ("expand.", "linear1."),
        ("contract.", "linear2."),
    ),
)


class T2S(nn.Module):
    """The transformer. Build it with `build_t2s`.

    Sequences lie in a slot as text, then prompt, then generated tokens, without gaps: position p of a slot is
    the p-th element of its sequence, whatever padding its prefill had.
    """

    text_positions: Tensor
    audio_positions: Tensor
    prefills_alone = False
    """Whether prompts are read one by one, without padding. That makes a row independent of the others in any
    kind of product, and wastes nothing, but launches more of them."""
    fewest_rows = 1
    """How many rows a step's products are given at least."""

    def __init__(self, config: T2SConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.hidden_dim
        self.bert_proj = nn.Linear(config.bert_dim, dim)
        self.text_embedding = empty_embedding(config.num_phones, dim)
        self.audio_embedding = empty_embedding(config.vocab_size, dim)
        self.text_alpha = nn.Parameter(torch.empty(1))
        self.audio_alpha = nn.Parameter(torch.empty(1))
        self.layers = nn.ModuleList(T2SLayer(config, index) for index in range(config.num_layers))
        self.predict = nn.Linear(dim, config.vocab_size, bias=False)

    @property
    def dtype(self) -> torch.dtype:
        return self.predict.weight.dtype

    @property
    def device(self) -> torch.device:
        return self.predict.weight.device

    def new_cache(self, num_slots: int, max_len: int) -> KVCache:
        """Return a cache for `num_slots` sequences of text, prompt and tokens together up to `max_len`."""
        return KVCache(self.config, num_slots, max_len, self.dtype, self.device)

    @torch.inference_mode()
    def prefill(
        self,
        phones: Tensor,
        bert: Tensor,
        prompt: Tensor,
        phone_lengths: Tensor,
        prompt_lengths: Tensor,
        cache: KVCache,
        slots: Tensor,
        padding: Padding = "right",
    ) -> Tensor:
        """Read prompts into `slots` and return the logits of their first tokens, (rows, vocab) in float32.

        Args:
            phones: (rows, P) ids of prompt text and target text together.
            bert: (rows, P, bert_dim) features of each phone; zeros where the language has none.
            prompt: (rows, Y) semantic tokens of the reference; Y may be 0.
            phone_lengths, prompt_lengths: (rows,) how much of each row counts.
            slots: (rows,) where each row lives; distinct. Positions up to P + Y are overwritten.
            padding: on which side of `phones`, `bert` and `prompt` the rest of a row lies.
        """
        lengths = phone_lengths, prompt_lengths
        if not self.prefills_alone:
            return self._prefill(phones, bert, prompt, *lengths, cache, slots, padding)
        logits = []
        for row, (num_text, num_audio) in enumerate(
            zip(*(length.tolist() for length in lengths), strict=True)
        ):
            one = slice(row, row + 1)
            text, audio = (
                _counted(phones.shape[1], num_text, padding),
                _counted(prompt.shape[1], num_audio, padding),
            )
            inputs = phones[one, text], bert[one, text], prompt[one, audio]
            logits.append(
                self._prefill(*inputs, phone_lengths[one], prompt_lengths[one], cache, slots[one], "right")
            )
        return torch.cat(logits)

    @torch.inference_mode()
    def decode_step(
        self, tokens: Tensor, positions: Tensor, audio_positions: Tensor, cache: KVCache, kv_len: int
    ) -> Tensor:
        """Advance slots 0 to rows-1 by one token and return (rows, vocab) logits in float32.

        A row without a sequence to advance (free or paused) may be given any token and the position where
        its next one would go: that next token overwrites what is written there. Its logits mean nothing.

        Args:
            tokens: (rows,) each slot's latest token.
            positions: (rows,) where in its slot that token goes: text + prompt + tokens before it.
            audio_positions: (rows,) its position among semantic tokens: prompt + tokens before it.
            kv_len: how much of the cache to read, more than any position that counts; one of a few sizes
                where shapes must be fixed.
        """
        x = self.audio_embedding(tokens) + self.audio_positions[audio_positions]
        step = cache.step(positions, kv_len)
        x = filled_up(x, self.fewest_rows)
        for layer in self.transformer_layers():
            x = layer.step(x, step, cache)
        return self._logits(x)[: len(tokens)]

    def fold_positions(self) -> None:
        """Multiply the position table by the checkpoint's two alphas, once."""
        table = sine_table(self.config.max_positions, self.config.hidden_dim).to(self.device)
        for name, alpha in (("text_positions", self.text_alpha), ("audio_positions", self.audio_alpha)):
            self.register_buffer(name, (alpha.float() * table).to(self.dtype), persistent=False)

    def transformer_layers(self) -> list[T2SLayer]:
        """Return the layers, typed."""
        return list(self.layers)  # type: ignore[arg-type]

    def _prefill(
        self,
        phones: Tensor,
        bert: Tensor,
        prompt: Tensor,
        phone_lengths: Tensor,
        prompt_lengths: Tensor,
        cache: KVCache,
        slots: Tensor,
        padding: Padding,
    ) -> Tensor:
        embedded = self._embed_text(phones, bert), self.audio_embedding(prompt)
        x = self._packed(*embedded, phone_lengths, prompt_lengths, padding)
        mask = _prompt_mask(x.shape[1], phone_lengths, self.dtype)
        for layer in self.transformer_layers():
            x = layer.prefill(x, mask, cache, slots)
        last = (phone_lengths + prompt_lengths - 1).view(-1, 1, 1).expand(-1, 1, x.shape[2])
        return self._logits(x.gather(1, last).squeeze(1))

    def _embed_text(self, phones: Tensor, bert: Tensor) -> Tensor:
        embedded: Tensor = self.text_embedding(phones) + self.bert_proj(bert.to(self.dtype))
        return embedded

    def _packed(
        self, text: Tensor, audio: Tensor, text_lengths: Tensor, audio_lengths: Tensor, padding: Padding
    ) -> Tensor:
        """Move each row's text and audio together at its start, and add their positions."""
        num_text, num_audio = text.shape[1], audio.shape[1]
        columns = torch.arange(num_text + num_audio, device=text.device).unsqueeze(0)
        text_len, audio_len = text_lengths.unsqueeze(1), audio_lengths.unsqueeze(1)
        in_text, in_audio = columns < text_len, (columns - text_len).clamp(min=0)
        text_source, audio_source = columns, num_text + in_audio
        if padding == "left":
            text_source, audio_source = (
                text_source + num_text - text_len,
                audio_source + num_audio - audio_len,
            )
        source = torch.where(in_text, text_source, audio_source).clamp(max=num_text + num_audio - 1)
        x = torch.cat((text, audio), 1).gather(1, source.unsqueeze(2).expand(-1, -1, text.shape[2]))
        positions = torch.where(
            in_text.unsqueeze(2), self.text_positions[columns], self.audio_positions[in_audio]
        )
        return x + positions

    def _logits(self, last: Tensor) -> Tensor:
        logits: Tensor = self.predict(last)
        return logits.float()


def _counted(length: int, count: int, padding: Padding) -> slice:
    """Return where the `count` columns that count lie among `length`."""
    return slice(count) if padding == "right" else slice(length - count, length)


def _prompt_mask(length: int, text_lengths: Tensor, dtype: torch.dtype) -> Tensor:
    """Text sees all text and no audio; audio sees all text and the audio up to itself. (rows, 1, L, L)."""
    index = torch.arange(length, device=text_lengths.device)
    causal = index.unsqueeze(0) <= index.unsqueeze(1)
    is_text = index < text_lengths.unsqueeze(1)
    return additive((causal | is_text.unsqueeze(1)).unsqueeze(1), dtype)


def build_t2s(
    tensors: Mapping[str, Tensor],
    config: T2SConfig,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> T2S:
    """Build the model from an s1 file's tensors, under their official keys.

    Raises:
        InvalidCheckpoint: a key is missing, unexpected or misshaped.
    """
    with torch.device("meta"):
        model = T2S(config)
    load_module(model, tensors, T2S_KEYS, dtype, device)
    model.fold_positions()
    return model
