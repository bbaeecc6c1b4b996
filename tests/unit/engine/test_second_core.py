"""What a second core is used for, and when. That the audio is the same, the isolation tests show."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from tests.unit.models.gpt_sovits_engine.support import hear, new_engine, request, speak_alone
from tts_core.engine import assembly, threads
from tts_core.engine.assembly import SecondCoreUse
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.operations import Decode, Vocode
from tts_core.engine.shapes import Shapes
from tts_core.engine.sharing import proven_shared
from tts_core.engine.threads import Threads
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.sovits.generator import Generator
from tts_core.models.gpt_sovits.t2s import T2S

DECODER, VOICER = "gpt-sovits", "gpt-sovits-voice"


@pytest.fixture(autouse=True)
def two_cores() -> Iterator[None]:
    torch.set_num_threads(1)
    with patch.object(assembly, "own_cores", return_value={0, 1, 2}):
        yield


@dataclass
class Seen:
    """In which threads audio was made, and how many threads shared in it, and in decode steps."""

    places: set[str] = field(default_factory=set)
    for_windows: set[int] = field(default_factory=set)
    for_steps: set[int] = field(default_factory=set)
    heard: list[bytes] = field(default_factory=list)


async def watch(model: LoadedModel, second_core: SecondCoreUse, num_listeners: int) -> Seen:
    """Let so many listen at once."""
    engine, seen = new_engine(model, second_core=second_core), Seen()
    generate, decode = ModelRunner.generate, ModelRunner.decode

    def watched_generate(runner: ModelRunner, *args: Any) -> Any:
        seen.places.add(threading.current_thread().name)
        seen.for_windows.add(torch.get_num_threads())
        return generate(runner, *args)

    def watched_decode(runner: ModelRunner, *args: Any) -> Any:
        seen.for_steps.add(torch.get_num_threads())
        return decode(runner, *args)

    await engine.start()
    with (
        patch.object(ModelRunner, "generate", watched_generate),
        patch.object(ModelRunner, "decode", watched_decode),
        patch.object(Threads, "best", property(lambda threads: threads.many)),
    ):
        streams = [engine.generate(request(request_id=str(number))) for number in range(num_listeners)]
        seen.heard = await asyncio.gather(*(hear(stream) for stream in streams))
    await engine.stop()
    return seen


@pytest.mark.parametrize(("second_core", "most"), [("never", {1}), ("alone", {2}), ("always", {2})])
async def test_one_listener(model: LoadedModel, second_core: SecondCoreUse, most: set[int]) -> None:
    with patch.object(assembly, "proven_shared", return_value={Decode, Vocode}):
        seen = await watch(model, second_core, 1)
    assert seen.places == {DECODER}
    assert seen.for_windows == most
    assert most <= seen.for_steps <= most | {1}  # the other number is tried now and then


@pytest.mark.parametrize(("second_core", "place"), [("never", DECODER), ("always", VOICER)])
async def test_a_crowd(model: LoadedModel, second_core: SecondCoreUse, place: str) -> None:
    assert place in (await watch(model, second_core, 3)).places


async def test_who_is_alone_only_at_times_has_it_only_then(model: LoadedModel) -> None:
    # Three begin together, and the last one to end is alone at last.
    seen = await watch(model, "alone", 3)
    assert seen.places == {DECODER}
    assert 1 in seen.for_steps


async def test_what_would_change_a_bit_is_not_shared(model: LoadedModel) -> None:
    with patch.object(assembly, "proven_shared", return_value={Decode}):
        seen = await watch(model, "alone", 1)
    assert 2 in seen.for_steps
    assert seen.for_windows == {1}
    assert seen.heard == [speak_alone(model, request())]


@pytest.mark.parametrize("cores", [{0}, {0, 1}])
async def test_a_core_is_left_for_others(model: LoadedModel, cores: set[int]) -> None:
    with patch.object(assembly, "own_cores", return_value=cores):
        seen = await watch(model, "alone", 1)
    assert seen.for_steps == seen.for_windows == {1}


# Whether bits depend on it is found out on the machine


class Pretended:
    """Numbers of threads that are only counted, so that nothing but a test's own quirks depends on them."""

    number = 1

    @contextmanager
    def entered(self, count: int) -> Iterator[None]:
        self.number = count
        yield
        self.number = 1


@pytest.fixture
def pretended() -> Iterator[Pretended]:
    pretended = Pretended()
    with patch.object(threads, "in_threads", pretended.entered):
        yield pretended


def runner_of(model: LoadedModel, max_len: int = 128) -> ModelRunner:
    return ModelRunner(model.t2s, model.sovits.generator, 3, max_len, Shapes(min_rows=2))


def test_what_does_not_depend_on_it_is_shared(
    model: LoadedModel, pretended: Pretended, caplog: pytest.LogCaptureFixture
) -> None:
    runner = runner_of(model)
    with caplog.at_level(logging.INFO, "tts_core"):
        assert proven_shared(model, runner, 1, 2) == {Decode, Vocode}
    assert "2 threads give the same bits as 1 in decoding tokens and generating audio" in caplog.text
    assert not runner.cache.keys.any()
    assert not runner.cache.values.any()


def test_real_threads_are_tried(model: LoadedModel) -> None:
    """Whatever this machine's kernels do: what is found holds when it is tried again."""
    assert proven_shared(model, runner_of(model), 1, 2) == proven_shared(model, runner_of(model), 1, 2)


def test_one_number_needs_no_proof(model: LoadedModel) -> None:
    assert proven_shared(model, runner_of(model), 1, 1) == set()


@pytest.mark.parametrize(
    ("owner", "name", "concerns", "left"),
    [
        (T2S, "decode_step", lambda logits: logits.shape[0] == 2, {Vocode}),
        (T2S, "decode_step", lambda logits: logits.shape[0] == 3, {Vocode}),
        (Generator, "forward", lambda audio: audio.shape[-1] == 128 * 640, {Decode}),
    ],
)
def test_what_differs_in_one_shape_is_not_shared(
    owner: Any,
    name: str,
    concerns: Callable[[Tensor], bool],
    left: set[Any],
    model: LoadedModel,
    pretended: Pretended,
) -> None:
    original = getattr(owner, name)

    def quirk(*args: Any) -> Tensor:
        out: Tensor = original(*args)
        return out + 1e-3 if pretended.number == 2 and concerns(out) else out

    with patch.object(owner, name, quirk):
        assert proven_shared(model, runner_of(model), 1, 2) == left


def test_what_differs_for_a_long_past_is_not_shared(model: LoadedModel, pretended: Pretended) -> None:
    original = T2S.decode_step

    def quirk(t2s: T2S, tokens: Tensor, positions: Tensor, *rest: Any) -> Tensor:
        out = original(t2s, tokens, positions, *rest)
        return out + 1e-3 if pretended.number == 2 and positions.max() > 256 else out

    with patch.object(T2S, "decode_step", quirk):
        assert proven_shared(model, runner_of(model, 512), 1, 2) == {Vocode}
