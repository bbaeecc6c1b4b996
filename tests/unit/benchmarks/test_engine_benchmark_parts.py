"""The parts of the engine's benchmark: clocks, budgets, comparisons, windows, voices of noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from typing import Any
from unittest.mock import patch

import pytest
import torch

from benchmarks.engine import relaxed
from benchmarks.engine.budget import budgets
from benchmarks.engine.clock import Clock, Timing
from benchmarks.engine.contestants import Arena, Contestant
from benchmarks.engine.crowd import Crowd, Heard, Visit, visit
from benchmarks.engine.measured import Measured, find
from benchmarks.engine.ratios import Spread, compare
from benchmarks.engine.settings import VoiceSizes
from benchmarks.engine.voices import Sentence, catalogue, noise_prompt
from benchmarks.load.playback import Playback
from tts_core.engine.assembly import EngineOptions
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.sampler import NOISE_BLOCK, NoiseSource, Sampler
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.vocoding import latents_of, plan_windows
from tts_core.sampling_params import SamplingParams

TOKENS = 12
AUDIO_S = TOKENS / 25
SAMPLING = SamplingParams(ignore_eos=True, min_tokens=1, max_tokens=TOKENS)
VOICE = VoiceSizes(prompt_tokens=20, phones=10, spectrogram_frames=40)


def test_the_clock_counts_calls() -> None:
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1

    timing = Clock(torch.device("cpu"), budget_s=0.0).time(call)
    assert calls == timing.rounds + 2
    assert timing.best_s <= timing.median_s <= timing.worst_s


def measured(stage: str, seconds: float, audio_s: float = 0.0, **sizes: int) -> Measured:
    return Measured(stage, sizes, Timing(seconds, seconds, seconds, seconds, 1), audio_s=audio_s)


def test_a_second_of_audio_adds_up(model: LoadedModel) -> None:
    sentence = Sentence(model, VOICE, 100)  # 200 frames: windows of 16, 32, 64 and 128
    num_inputs = len(sentence.inputs)
    every = [
        measured("prompt", 0.4, positions=num_inputs),
        measured("decode step with sampling", 0.010, rows=2, positions=num_inputs + 50),
        measured("sampling", 0.002, rows=2),
        measured("noise for 32 draws", 0.032, 1.28, rows=1),
        measured("latents with noise", 0.10, tokens=100),
        measured("noise of latents", 0.02, tokens=100),
        *(measured("window", frames / 1000, frames=frames, rows=2) for frames in (16, 32, 64, 128)),
    ]
    (budget,) = budgets(every, sentence, [2])
    assert budget.parts == pytest.approx(
        {
            "decode steps": 25 * 0.008 / 2,
            "sampling": 25 * 0.002 / 2,
            "noise of sampling": 0.025,
            "prompt": 0.1,
            "latents": 0.02,
            "noise of latents": 0.005,
            "windows": 0.240 / 2 / 4,
        }
    )
    assert budget.total_s * budget.audio_s_per_s == pytest.approx(1)
    with pytest.raises(KeyError, match="was not measured"):
        find(every, "prompt", positions=1)


def came(wall_s: float, cpu_s: float, step_s: float = 1.0) -> Visit:
    return Visit(wall_s, cpu_s, step_s, [Heard(0.1, 4.0, Playback(0.1, (), 0.0))])


def test_costs_are_compared_pair_by_pair() -> None:
    fixed, free = (
        [came(2.0, 1.0), came(4.0, 1.0, 3.0), came(2.2, 1.0)],
        [came(1.0, 1.0), came(4.0, 0.5), came(2.0, 0.8, 2.0)],
    )
    ratios = compare(fixed, free)
    assert astuple(ratios.wall) == pytest.approx((1.1, 1.0, 2.0))
    assert ratios.cpu == Spread(median=1.25, low=1.0, high=2.0)
    assert ratios.step == Spread(median=1.0, low=0.5, high=3.0)
    assert ratios.noise is not None
    assert astuple(ratios.noise) == pytest.approx(((0.5 + 4.0 / 2.2) / 2, 0.5, 4.0 / 2.2))
    assert compare(fixed[:1], free[:1]).noise is None


async def test_engines_are_visited_in_turn(model: LoadedModel) -> None:
    order: list[str] = []

    async def note(engine: object, name: str, crowd: Crowd) -> Visit:
        order.append(names[id(engine)])
        return came(1.0, 1.0)

    arena = Arena(model, VOICE, [Contestant("a", EngineOptions()), Contestant("b", EngineOptions())], most=1)
    async with arena.opened():
        names = {id(engine): name for name, engine in arena._engines.items()}
        with patch("benchmarks.engine.contestants.visit", note):
            contests = await arena.contest(Crowd.burst(1, SAMPLING, low_latency=False), rounds=2)
    assert order == ["a", "b"] * 3
    assert [(one.contestant, len(one.visits)) for one in contests] == [("a", 2), ("b", 2)]


async def test_listeners_come_when_they_are_due(model: LoadedModel) -> None:
    crowd = Crowd.spread(3, 20.0, SAMPLING, low_latency=True)
    assert crowd.arrivals_s == pytest.approx((0.0, 0.05, 0.1))
    asked: list[tuple[str, int, bool]] = []
    arena = Arena(model, VOICE, [Contestant("a", EngineOptions())], most=3)
    async with arena.opened():
        engine = arena._engines["a"]
        generate = engine.generate

        def note(request: Any) -> Any:
            asked.append((request.voice, request.seed, request.low_latency))
            return generate(request)

        with patch.object(engine, "generate", note):
            visited = await visit(engine, model.name, crowd)
    assert asked == [("0", 0, True), ("1", 1, True), ("2", 2, True)]
    assert [one.audio_s for one in visited.heard] == pytest.approx([AUDIO_S] * 3)
    assert visited.wall_s >= 0.1
    assert len(catalogue(model, 3)) == 3


async def hear(arena: Arena, name: str, while_visited: Callable[[], Any]) -> bytes:
    from benchmarks.engine.crowd import _request

    heard = b""
    with while_visited():
        request = _request("tiny", Crowd.burst(1, SAMPLING, low_latency=False), 0)
        async for chunk in arena._engines[name].generate(request):
            heard += chunk.pcm
    return heard


async def test_only_the_free_engine_is_free(model: LoadedModel) -> None:
    free = Contestant("free", EngineOptions(), relaxed.free_shapes, relaxed.free_windows_and_noise)
    arena = Arena(model, VOICE, [Contestant("fixed", EngineOptions()), free], most=2)
    shapes: set[tuple[int, int]] = set()
    original = ModelRunner.step

    def note(runner: Any, num_rows: int, kv_len: int) -> None:
        shapes.add((num_rows, kv_len))
        original(runner, num_rows, kv_len)

    async with arena.opened():
        with patch.object(ModelRunner, "step", note):
            fixed = [await hear(arena, "fixed", Contestant("", EngineOptions()).while_visited)]
            assert {kv_len % 64 for _, kv_len in shapes} == {0}
            shapes.clear()
            freely = [await hear(arena, "free", free.while_visited) for _ in range(2)]
            assert {rows for rows, _ in shapes} == {1}
            assert len({kv_len for _, kv_len in shapes}) == TOKENS - 1
        fixed.append(await hear(arena, "fixed", Contestant("", EngineOptions()).while_visited))
    assert fixed[0] == fixed[1]
    assert freely[0] != freely[1]
    assert len({len(one) for one in (*fixed, *freely)}) == 1


def test_noise_of_latents_is_free_only_meanwhile(model: LoadedModel) -> None:
    sentence = Sentence(model, VOICE, TOKENS)

    def latents() -> torch.Tensor:
        return latents_of(model.sovits, sentence.voice, sentence.codes)

    before = latents()
    with relaxed.free_windows_and_noise():
        assert not torch.equal(latents(), latents())
    assert torch.equal(latents(), before)


def test_noise_of_sampling_is_free_only_meanwhile(model: LoadedModel) -> None:
    def block() -> torch.Tensor:
        sampler = Sampler(model.t2s.config, 1, model.device)
        sampler.start(0, SAMPLING, NoiseSource(1, 0), torch.zeros(1, dtype=torch.long))
        sampler.refresh(0, 0)
        logits, flag = torch.zeros(1, model.t2s.config.vocab_size), torch.ones(1, dtype=torch.bool)
        draws = [sampler.draw(logits, 0, torch.tensor([step]), flag, flag)[0] for step in range(NOISE_BLOCK)]
        return torch.stack(draws)

    before = block()
    with relaxed.free_windows_and_noise():
        assert not torch.equal(block(), block())
    assert torch.equal(block(), before)


@pytest.mark.parametrize("end", [1, 16, 40, 200, 400])
def test_exact_windows_cover_the_same_frames(end: int) -> None:
    sizes = (16, 32, 64, 128)
    fixed, exact = list(plan_windows(0, end, sizes)), list(relaxed.plan_exactly(0, end, sizes))
    assert [span.start for span in exact] == [span.start for span in fixed]
    assert all(span.size == span.num_frames for span in exact)
    assert sum(span.num_frames for span in exact) == end


def test_noise_voices_fit_their_model(model: LoadedModel) -> None:
    one, other = (noise_prompt(model, VOICE, seed) for seed in (1, 2))
    assert len(one.tokens) == VOICE.prompt_tokens
    assert len(one.phones) == one.bert.shape[1] == VOICE.phones
    assert not torch.equal(one.tokens, other.tokens)
    assert not one.speakers
