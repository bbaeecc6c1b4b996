"""What an engine will take, counted before any of it is allocated."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from torch import nn

from tts_core.engine.sampler import NOISE_BLOCK
from tts_core.engine.shapes import Shapes
from tts_core.errors import SetupError
from tts_core.models.gpt_sovits.admission import SPEED_RANGE
from tts_core.models.gpt_sovits.config import SoVITSConfig, T2SConfig
from tts_core.models.gpt_sovits.kv_cache import KVCache
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.sovits import num_frames
from tts_core.models.gpt_sovits.vocoding import WINDOW_FRAMES
from tts_core.sampling_params import MAX_TOKENS

GIB = 2**30

MAX_REFERENCE_S = 10
_HUBERT_CHANNELS, _HUBERT_RATE_HZ = 512, 3200
"""The first layer of HuBERT: by far its largest."""

# How many values or tensors of the largest kind an operation holds at once: a little more than was measured.
_PREFILL_WIDTHS = 16
_MASKS = 3
_SCORES = 5
_FLOW_TENSORS = 20
_WINDOW_TENSORS = 7
_HUBERT_TENSORS = 3


@dataclass(frozen=True)
class Item:
    """One thing that takes memory.

    Attributes:
        name: what it is, for people.
        num_bytes: how much it takes.
        how: how that was reckoned, where it helps.
        is_held: whether it is allocated already.
        is_shared: whether all engines of a process need it but once.
        is_passing: whether an engine at rest does without it: it is given back after an operation, or when
            nobody is parked any more.
    """

    name: str
    num_bytes: int
    how: str = ""
    is_held: bool = False
    is_shared: bool = False
    is_passing: bool = False

    def __str__(self) -> str:
        return f"{self.name}{f' {self.how} =' if self.how else ''} {_size(self.num_bytes)}"


@dataclass(frozen=True)
class MemoryPlan:
    """Everything that an engine holds, once and for all.

    Attributes:
        items: see there.
        num_own: bytes of weights that it shares with no other engine of its process.
    """

    items: tuple[Item, ...]
    num_own: int = 0

    @property
    def num_bytes(self) -> int:
        return sum(item.num_bytes for item in self.items)

    @property
    def num_missing(self) -> int:
        """Return what is still to be allocated."""
        return sum(item.num_bytes for item in self.items if not item.is_held)

    @property
    def num_passing(self) -> int:
        """Return what is taken and given back again: none of it is held while the engine rests."""
        return sum(item.num_bytes for item in self.items if item.is_passing)

    def check(self, num_free: int | None, num_promised: int = 0, num_more: int = 0) -> None:
        """Return if what is missing fits into `num_free` bytes, or if nobody knows how many are free.

        Args:
            num_promised: what other engines of this process may want back of the free bytes at any moment.
            num_more: how many engines of this size are to fit beside it.

        Raises:
            SetupError: it doesn't; says what is needed for what.
        """
        num_shared = sum(item.num_bytes for item in self.items if item.is_shared)
        num_in_all = self.num_missing + num_more * (self.num_missing - num_shared + self.num_own)
        if num_more and num_free is not None and num_in_all > num_free:
            raise SetupError(
                f"{self}; {num_more + 1} such models at once still have to allocate {_size(num_in_all)}, "
                f"and {_size(num_free)} is free: lower max_loaded_models, num_slots or max_len, or choose a "
                "smaller precision"
            )
        if num_free is not None and self.num_missing > num_free - num_promised:
            beside = f", less {_size(num_promised)} that models beside it speak with"
            promised = beside if num_promised else ""
            advice = ", or max_loaded_models" if num_promised else ""
            raise SetupError(
                f"{self}; {_size(self.num_missing)} of that is still to be allocated, and {_size(num_free)} "
                f"is free{promised}: lower num_slots, max_streams or max_len{advice}, or choose a smaller "
                "precision"
            )

    def __str__(self) -> str:
        items = ", ".join(map(str, self.items))
        passing = f", {_size(self.num_passing)} of it only at times" if self.num_passing else ""
        return f"GPT-SoVITS needs {_size(self.num_bytes)}{passing} ({items})"


def plan_memory(
    model: LoadedModel, num_slots: int, max_len: int, shapes: Shapes, num_shelves: int = 0
) -> MemoryPlan:
    """Reckon an engine's memory from its sizes: on its device, which holds shelves only if it is a CPU."""
    config, num_rows = model.t2s.config, max(num_slots, shapes.min_rows)
    shelves = () if model.device.type == "cuda" else _shelves(model, max_len, num_shelves)
    return MemoryPlan(
        (
            Item("weights", _weights(_modules(model)), is_held=True),
            *_left_for_later(model),
            _kept("KV", "slots", model, num_rows, max_len),
            *shelves,
            *_widened(model, max_len),
            Item("sampler", num_rows * config.vocab_size * (4 * NOISE_BLOCK + 1)),
            Item("workspace", _workspace(model, max_len, shapes), is_passing=True),
        ),
        num_own=_weights(_own_modules(model)),
    )


def plan_host_memory(model: LoadedModel, max_len: int, num_shelves: int) -> MemoryPlan:
    """Reckon what an engine on a GPU holds in the host's memory."""
    return MemoryPlan(_shelves(model, max_len, num_shelves))


def _shelves(model: LoadedModel, max_len: int, num_shelves: int) -> tuple[Item, ...]:
    if not num_shelves:
        return ()
    item = _kept("parked KV", "shelves", model, num_shelves, max_len)
    return (replace(item, is_passing=model.device.type == "cpu"),)


def _kept(name: str, places: str, model: LoadedModel, count: int, max_len: int) -> Item:
    num_bytes = KVCache.num_bytes(model.t2s.config, count, max_len, model.dtype)
    each = f"{num_bytes // count // max_len / 1024:g} KiB"
    return Item(name, num_bytes, f"{count} {places} x {max_len} positions x {each}")


def _widened(model: LoadedModel, max_len: int) -> Iterator[Item]:
    num_bytes = KVCache.num_scratch_bytes(model.t2s.config, max_len, model.dtype, model.device)
    if num_bytes:
        yield Item("KV in float32", num_bytes, "of the rows that are read at once")


def _weights(modules: Iterable[nn.Module]) -> int:
    tensors = {id(one): one for module in modules for one in (*module.parameters(), *module.buffers())}
    # Packed weights have a size, but no storage to ask for it.
    return sum(tensor.numel() * tensor.dtype.itemsize for tensor in tensors.values())


def _modules(model: LoadedModel) -> Iterator[nn.Module]:
    yield from _own_modules(model)
    if model.speech_features.is_loaded:
        yield model.speech_features.hubert
    if model.phone_features is not None and model.phone_features.is_loaded:
        yield model.phone_features.bert


def _left_for_later(model: LoadedModel) -> Iterator[Item]:
    """Yield the side models that are loaded when they are needed: room for them there must be.

    What one is loaded from takes as much again, for a moment.
    """
    features = {"HuBERT": model.speech_features, "BERT": model.phone_features}
    sizes = {name: one.files.num_bytes for name, one in features.items() if one and not one.is_loaded}
    for name, num_bytes in sizes.items():
        yield Item(name, num_bytes, "when needed", is_shared=True)
    if sizes:
        yield Item("loading them", max(sizes.values()), is_shared=True, is_passing=True)


def _own_modules(model: LoadedModel) -> Iterator[nn.Module]:
    yield from (model.t2s, model.sovits)
    if model.speaker_encoder is not None:
        yield model.speaker_encoder.network


def _workspace(model: LoadedModel, max_len: int, shapes: Shapes) -> int:
    """Return what the largest operation takes, and what reading a voice takes beside it."""
    window = _window(model, shapes.window_rows)
    largest = max(_prefill(model.t2s.config, max_len), _latents(model.sovits.config, max_len), window)
    reading = _HUBERT_TENSORS * _HUBERT_CHANNELS * _HUBERT_RATE_HZ * MAX_REFERENCE_S
    recorded = window if model.device.type == "cuda" else 0  # graphs don't share memory with anything else
    return (largest + reading + recorded) * model.dtype.itemsize


# Of each operation: how many values it holds at once.


def _prefill(config: T2SConfig, max_len: int) -> int:
    return max_len * (_PREFILL_WIDTHS * config.hidden_dim + _MASKS * max_len)


def _latents(config: SoVITSConfig, max_len: int) -> int:
    num_tokens = min(max_len, MAX_TOKENS)
    attention = _SCORES * config.num_heads * num_frames(num_tokens) ** 2
    flow = _FLOW_TENSORS * config.hidden_channels * num_frames(num_tokens, SPEED_RANGE[0])
    return max(attention, flow)


def _window(model: LoadedModel, num_rows: int) -> int:
    config, num_frames = model.sovits.config, max(WINDOW_FRAMES)
    num_frames += 2 * model.sovits.generator.receptive_field_frames
    stretched = itertools.accumulate(config.upsample_rates, operator.mul)
    widest: int = max(rate * (config.upsample_channels >> level + 1) for level, rate in enumerate(stretched))
    return _WINDOW_TENSORS * num_rows * num_frames * widest


def _size(num_bytes: int) -> str:
    return f"{num_bytes / GIB:.1f} GiB" if num_bytes > GIB / 10 else f"{num_bytes / 2**20:.0f} MiB"
