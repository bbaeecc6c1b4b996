from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from pathlib import Path

import pytest
import torch

from benchmarks.make_checkpoint import make_checkpoint
from tests.unit.models.gpt_sovits_engine.support import new_engine
from tts_core.engine import assembly
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.warm_up import warm_up
from tts_core.models.gpt_sovits.loaded_model import LoadedModel, load_model
from tts_core.models.gpt_sovits.weights import WeightsPaths


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """As the engine's thread has it, or other threads would compute otherwise."""
    torch.set_num_threads(1)


_WARM: dict[int, LoadedModel] = {}


@pytest.fixture(autouse=True)
def warm_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models are the session's and stay warm, so that only the first engine's start runs their shapes."""

    def warm_up_once(model: LoadedModel, runner: ModelRunner) -> None:
        if _WARM.get(id(model)) is not model:
            warm_up(model, runner)
            _WARM[id(model)] = model

    monkeypatch.setattr(assembly, "warm_up", warm_up_once)


@pytest.fixture
def cold_start(warm_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each engine runs its shapes, as in a process of its own."""
    monkeypatch.setattr(assembly, "warm_up", warm_up)


@pytest.fixture(scope="session")
def weights_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], WeightsPaths]:
    root = tmp_path_factory.mktemp("weights")
    return lru_cache(lambda version: make_checkpoint(version, Path(root, version), tiny=True))


@pytest.fixture(scope="session")
def model_of(weights_of: Callable[[str], WeightsPaths]) -> Callable[[str], LoadedModel]:
    """Load tiny models, each version once."""
    return lru_cache(lambda version: load_model(weights_of(version), "tiny"))


@pytest.fixture(scope="session")
def model(model_of: Callable[[str], LoadedModel]) -> LoadedModel:
    return model_of("v2")


@pytest.fixture(params=["never", "alone"])
async def engine(model: LoadedModel, request: pytest.FixtureRequest) -> AsyncIterator[BatchingEngine]:
    engine = new_engine(model, second_core=request.param)
    await engine.start()
    yield engine
    await engine.stop()
