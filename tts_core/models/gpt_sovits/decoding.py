"""Semantic tokens of one segment at a time: prefill, then one decode step for each token.

The plain way, without batches, that the batching engine is held to, bit for bit. It runs in shapes that the
engine uses, since a model's last bits may depend on the shape that it runs in.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from tts_core.errors import InputTooLong
from tts_core.models.gpt_sovits.noise import TAKE_STEPS, Purpose, exponential, seed_word
from tts_core.models.gpt_sovits.sampling import SamplingTensors, sample
from tts_core.models.gpt_sovits.t2s import T2S
from tts_core.sampling_params import SamplingParams

KV_MULTIPLE = 64
"""What the length of the cache that a step reads is a multiple of, on CPUs."""
PROMPT_MULTIPLE = 32
"""What the padded length of a prompt is a multiple of."""
_NOISE_BLOCK = 32
_ENOUGH_TOKENS = 700


@dataclass(frozen=True)
class DecodeInputs:
    """What T2S reads before its first token.

    Attributes:
        phones: (P,) ids of the prompt's text and the target's.
        bert: (P, bert_dim) their features.
        prompt: (Y,) semantic tokens of the reference.
    """

    phones: Tensor
    bert: Tensor
    prompt: Tensor

    def __len__(self) -> int:
        return len(self.phones) + len(self.prompt)


PrefillRows = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def padded_rows(inputs: DecodeInputs, length: int) -> PrefillRows:
    """Return a prompt as the one row of a prefill over `length` positions: phones, BERT, prompt, lengths.

    Phones are padded on the right; what stands there is never looked at.
    """
    margin = length - len(inputs)
    num_phones, num_prompt = (
        torch.full((1,), len(part), device=inputs.phones.device) for part in (inputs.phones, inputs.prompt)
    )
    phones, bert = pad(inputs.phones, (0, margin)), pad(inputs.bert, (0, 0, 0, margin))
    return phones[None], bert[None], inputs.prompt[None], num_phones, num_prompt


def check_fits(num_inputs: int, params: SamplingParams, max_len: int) -> None:
    """Return if so many phones and prompt tokens leave room for what is to be said within `max_len`.

    Room for 28 s is enough for any segment, whatever its `max_tokens` allow, unless the request insists.

    Raises:
        InputTooLong: they don't.
    """
    insisted = params.max_tokens if params.ignore_eos else params.min_tokens
    room = max_len - max(insisted, min(params.max_tokens, _ENOUGH_TOKENS))
    if num_inputs > room:
        raise InputTooLong(
            f"a segment and its voice may have {room} phones and prompt tokens, not {num_inputs}",
            param="input",
        )


def most_tokens(num_inputs: int, params: SamplingParams, max_len: int) -> int:
    """Return how many tokens a segment may have: as many as its request allows, and as there is room for."""
    return min(params.max_tokens, max_len - num_inputs)


class TokenDecoder:
    """Owns the cache of one sequence. Every segment starts on a cache of zeros, whatever ran before it.

    Args:
        t2s: the model.
        max_len: phones, prompt and tokens together; bounds the memory.
        num_rows: of a decode step; the sequence is the first, and nothing reads the others.
    """

    def __init__(self, t2s: T2S, max_len: int, num_rows: int = 2) -> None:
        self._t2s = t2s
        self.max_len = max_len
        self._cache = t2s.new_cache(num_rows, max_len)
        self._slot = torch.zeros(1, dtype=torch.long, device=t2s.device)
        self._rows = torch.zeros(num_rows, dtype=torch.long, device=t2s.device)
        self._busy = False

    def decode(
        self, inputs: DecodeInputs, params: SamplingParams, seed: int, segment: int, take: int = 0
    ) -> Generator[int, None, None]:
        """Yield tokens as they are drawn; the end of speech is not among them. Close it to leave early.

        Speech ends where the drawn or the likeliest token says so, after `min_tokens` at the earliest, or
        with `most_tokens`.

        Args:
            take: how often the segment was said before; each take has noise of its own.

        Raises:
            InputTooLong: see `check_fits`.
            FloatingPointError: the model gave no finite logits.
            RuntimeError: another segment is being decoded.
        """
        if self._busy:
            raise RuntimeError("a decoder takes one segment at a time")
        check_fits(len(inputs), params, self.max_len)
        self._busy, used = True, len(inputs)
        try:
            draw = _Draw(self._t2s, inputs.prompt, params, seed, segment, take)
            for token in self._tokens(inputs, params, draw):
                used += 1
                yield token
        finally:
            self._clear(used)
            self._busy = False

    def _tokens(self, inputs: DecodeInputs, params: SamplingParams, draw: _Draw) -> Iterator[int]:
        logits = self._prefill(inputs)
        limit = most_tokens(len(inputs), params, self.max_len)
        for step in range(limit):
            token = draw(logits, step)
            if token is None:
                return
            yield token
            if step + 1 < limit:
                logits = self._advance(token, len(inputs) + step, len(inputs.prompt) + step)

    def _prefill(self, inputs: DecodeInputs) -> Tensor:
        length = min(rounded_up(len(inputs), PROMPT_MULTIPLE), self.max_len)
        return self._t2s.prefill(*padded_rows(inputs, length), self._cache, self._slot)

    def _advance(self, token: int, position: int, audio_position: int) -> Tensor:
        kv_len = min(rounded_up(position + 1, KV_MULTIPLE), self.max_len)
        tokens, positions, audio_positions = (
            self._rows + value for value in (token, position, audio_position)
        )
        return self._t2s.decode_step(tokens, positions, audio_positions, self._cache, kv_len)[:1]

    def _clear(self, used: int) -> None:
        for store in (self._cache.keys, self._cache.values):
            store[:, :, :, : rounded_up(used, PROMPT_MULTIPLE)].zero_()


def rounded_up(value: int, multiple: int) -> int:
    """Return the next multiple that isn't less than `value`."""
    return -(-value // multiple) * multiple


class _Draw:
    """One segment's sampling: its settings, the tokens that it has seen, and its noise."""

    def __init__(
        self, t2s: T2S, prompt: Tensor, params: SamplingParams, seed: int, segment: int, take: int
    ) -> None:
        device, config = t2s.device, t2s.config
        self._eos, self._params = config.eos, params
        self._settings = SamplingTensors(
            top_k=torch.tensor([params.top_k], device=device),
            top_p=torch.tensor([params.top_p], device=device),
            temperature=torch.tensor([params.temperature], device=device),
            repetition_penalty=torch.tensor([params.repetition_penalty], device=device),
        )
        self._seen = torch.zeros(1, config.vocab_size, dtype=torch.bool, device=device)
        self._seen[0, prompt] = True
        self._rows = torch.arange(_NOISE_BLOCK, device=device)
        self._seeds = torch.full_like(self._rows, seed_word(seed))
        self._segments = torch.full_like(self._rows, segment)
        self._first_step = take * TAKE_STEPS

    def __call__(self, logits: Tensor, step: int) -> int | None:
        """Return the token of this step, or None where speech ends. Steps come in order."""
        if not logits.isfinite().all():
            raise FloatingPointError(f"the model's logits are not finite at step {step}")
        if step % _NOISE_BLOCK == 0:
            self._noise = self._noise_from(step, logits.shape[1])
        may_end = not self._params.ignore_eos and step >= self._params.min_tokens
        noise = self._noise[step % _NOISE_BLOCK].unsqueeze(0)
        allow_eos = torch.tensor([may_end], device=logits.device)
        drawn = sample(logits, self._seen, noise, self._settings, self._eos, allow_eos)
        token = int(drawn.tokens)
        if self._eos in (token, int(drawn.greedy)):
            return None
        self._seen[0, token] = True
        return token

    def _noise_from(self, step: int, count: int) -> Tensor:
        """Compute a block of steps at once: it is a function of the step, so only the cost differs."""
        steps = self._rows + (self._first_step + step)
        return exponential(self._seeds, self._segments, Purpose.SAMPLE, steps, count)
