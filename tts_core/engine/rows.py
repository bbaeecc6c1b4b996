"""Proves, before anyone listens, that what is computed for one doesn't depend on who else is there.

Whether a row of a matrix product is the same to the last bit in a batch of any size is up to the kernels that
a machine has, so it is tried out on the machine itself, with the very weights and the number of threads that
will be used.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from tts_core.engine.shapes import Shapes
from tts_core.errors import SetupError
from tts_core.models.gpt_sovits.kv_cache import KVCache
from tts_core.models.gpt_sovits.t2s import T2S
from tts_core.models.gpt_sovits.vocoding import WindowInputs

_log = logging.getLogger(__name__)


@torch.inference_mode()
def proven(shapes: Shapes, t2s: T2S, cache: KVCache) -> Shapes:
    """Return `shapes`, changed as far as this machine needs for rows not to depend on each other.

    `min_rows` becomes the smallest number from which on any number of rows gives the same bits, all of them
    where no other does. `kv_multiple` becomes the whole length where it matters how much of the cache is
    read. The first `kv_multiple` positions of every slot hold noise afterwards.

    Raises:
        SetupError: the bits of a row depend on its slot, or on what other rows say.
    """
    trial = Trial(t2s, cache, min(shapes.kv_multiple, cache.max_len))
    if not trial.ignores_kv_len():
        shapes = dataclasses.replace(shapes, kv_multiple=cache.max_len)
        trial.kv_len = cache.max_len
    trial.check_neighbours()
    shapes = dataclasses.replace(shapes, min_rows=trial.min_rows(shapes.min_rows))
    _log.info(
        "decode steps of %d to %d rows, reading multiples of %d positions, agree to the last bit",
        shapes.min_rows,
        cache.num_slots,
        shapes.kv_multiple,
    )
    return shapes


def check_windows(
    generate: Callable[[Sequence[WindowInputs]], list[Tensor]], windows: Sequence[WindowInputs]
) -> None:
    """Return if each of a call's windows sounds the same beside the others, and in any row, as alone.

    Raises:
        SetupError: one doesn't.
    """
    together = generate(windows)
    for window, audio in zip(windows, together, strict=True):
        if len(windows) > 1 and not _equal(generate([window])[0], audio):
            raise SetupError(
                f"with {len(windows)} windows of {window.size} frames in a call of the generator, the audio "
                "of one depends on its row or its neighbours on this machine"
            )


class Trial:
    """One decode step over random tokens and a random past, in every shape.

    Args:
        length: of that past, in every slot.

    Attributes:
        kv_len: how much of the cache is read, unless a step is told otherwise.
    """

    def __init__(self, t2s: T2S, cache: KVCache, length: int) -> None:
        self._t2s, self._cache, self._length = t2s, cache, length
        self.kv_len = length
        device = t2s.device
        draw = torch.Generator(device).manual_seed(0)
        for past in self._pasts():
            past.copy_(torch.randn(past.shape, generator=draw, dtype=torch.float32, device=device))
        sizes, shape = (t2s.config.vocab_size, length), (cache.num_slots,)
        self._tokens, self._positions = (
            torch.randint(size, shape, generator=draw, device=device) for size in sizes
        )

    def min_rows(self, lowest: int) -> int:
        """Return the smallest number of rows, from `lowest` on, from which on all numbers agree."""
        count = self._cache.num_slots
        everyone = self.step()
        while count > lowest and _equal(self.step(count - 1), everyone[: count - 1]):
            count -= 1
        return count

    def ignores_kv_len(self) -> bool:
        """Whether it makes no difference how much more of the cache is read than holds anything."""
        shortest = self.step()
        return all(_equal(self.step(kv_len=kv_len), shortest) for kv_len in self._longer())

    def check_neighbours(self) -> None:
        """Return if a row is the same in another slot, and beside others."""
        before = self.step()
        num_rows, vocab = self._cache.num_slots, self._t2s.config.vocab_size
        own = self._tokens.clone()
        self._tokens[1::2] = (own[1::2] + 1) % vocab
        beside_others = self.step()[::2]
        self._tokens = own
        self._turn()
        elsewhere = self.step().flip(0)
        self._turn()
        if not _equal(beside_others, before[::2]) or not _equal(elsewhere, before):
            raise SetupError(
                f"with {num_rows} rows, what one of them computes depends on its slot or its neighbours on "
                "this machine, so listeners would hear each other's presence: take another num_slots"
            )

    def step(self, num_rows: int | None = None, kv_len: int | None = None) -> Tensor:
        """Return the logits of the first rows, (rows, vocab)."""
        tokens, positions = self._tokens[:num_rows], self._positions[:num_rows]
        return self._t2s.decode_step(tokens, positions, positions, self._cache, kv_len or self.kv_len)

    def _turn(self) -> None:
        """Put the first slot's sequence into the last one, and so on."""
        self._tokens, self._positions = self._tokens.flip(0), self._positions.flip(0)
        for past in self._pasts():
            past.copy_(past.flip(0))

    def _pasts(self) -> Iterator[Tensor]:
        """Yield each layer's keys and values, as far as there are any: (slots, heads, length, head_dim)."""
        for store in (self._cache.keys, self._cache.values):
            for layer in store:
                yield layer[:, :, : self._length]

    def _longer(self) -> Iterator[int]:
        length = self._length
        while length < self._cache.max_len:
            length = min(2 * length, self._cache.max_len)
            yield length


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether two float32 tensors are the same to the last bit, NaN included."""
    return torch.equal(one.view(torch.int32), other.view(torch.int32))
