"""Real engines come and go in one process, beside one that speaks: tiny weights, real voices, no Ray."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from benchmarks.make_checkpoint import make_checkpoint
from benchmarks.official_format import save_sovits
from deployments.config import GPTSoVITSArgs
from deployments.loader import EngineLoader
from deployments.residents import Residents
from deployments.routing import tell_nobody
from tests.support import streams
from tests.unit.voices.samples import add
from tts_core.errors import PolyvoxError
from tts_core.models.gpt_sovits.checkpoint import read_checkpoint
from tts_core.request import Segment, SynthesisRequest
from tts_core.sampling_params import SamplingParams
from tts_core.voices import VoiceStore

BAD = {"cut": "invalid_checkpoint", "missing": "missing_weights", "foreign": "invalid_checkpoint"}


@pytest.fixture(scope="module")
def args(tmp_path_factory: pytest.TempPathFactory) -> GPTSoVITSArgs:
    """Two models that speak, and three that can't be loaded."""
    folder = tmp_path_factory.mktemp("models")
    original = read_checkpoint(make_checkpoint("v2", folder / "weights", tiny=True).sovits)
    tensors = {key: tensor * 1.05 for key, tensor in original.tensors.items()}
    save_sovits(folder / "b.pth", tensors, original.config, "tuned", "v2")
    (folder / "cut.pth").write_bytes((folder / "b.pth").read_bytes()[:-5000])
    older = make_checkpoint("v1", folder / "older", tiny=True)
    add(VoiceStore(folder / "voices"), "ann")
    mine: dict[str, Any] = {"version": "v2", "weights": str(folder / "weights")}
    files = {name: str(folder / f"{name}.pth") for name in ("b", "cut", "missing")}
    files["foreign"] = str(older.sovits)
    return GPTSoVITSArgs.model_validate(
        {
            "models": {"a": mine} | {name: {**mine, "sovits": file} for name, file in files.items()},
            "max_loaded_models": 2,
            "voices": str(folder / "voices"),
            "prompt_cache": str(folder / "prompts"),
            "replica": {"device": "cpu"},
        }
    )


@pytest.fixture
async def residents(args: GPTSoVITSArgs) -> AsyncIterator[Residents]:
    table = Residents(args.model_names, 2, args.num_slots, EngineLoader(args), tell_nobody, lambda *_: None)
    await table.start()
    yield table
    await table.stop()


async def hear(residents: Residents, model: str, num_tokens: int = 30) -> bytes:
    request = SynthesisRequest(
        request_id=f"{model} {num_tokens}",
        model=model,
        voice="ann",
        segments=(Segment(0, "Good morning to all of you."),),
        seed=3,
        sampling=SamplingParams(ignore_eos=True, max_tokens=num_tokens),
    )
    return await streams.hear(await residents.open(request))


async def test_what_plays_is_the_same_whatever_is_loaded_beside_it(residents: Residents) -> None:
    alone = await hear(residents, "a", 200)
    playing = asyncio.create_task(hear(residents, "a", 200))
    other = await hear(residents, "b")
    for model, code in BAD.items():
        for _ in range(2):
            with pytest.raises(PolyvoxError) as refusal:
                await hear(residents, model)
            assert refusal.value.code == code
    assert await playing == alone
    assert await hear(residents, "b") == other
    assert set(residents.stats_by_model()) == {"a", "b"}


async def test_models_of_a_replica_speak_as_they_would_alone(
    residents: Residents, args: GPTSoVITSArgs
) -> None:
    both = await asyncio.gather(hear(residents, "a", 60), hear(residents, "b", 60))
    assert both[0] != both[1]
    for model, heard in zip(("a", "b"), both, strict=True):
        only = Residents((model,), 1, args.num_slots, EngineLoader(args), tell_nobody, lambda *_: None)
        await only.start()
        assert await hear(only, model, 60) == heard
        await only.stop()
