"""Full-size weights, made once for each model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.checkpoint_configs import sovits_config, t2s_config
from benchmarks.checkpoint_shapes import sovits_shapes, t2s_shapes
from benchmarks.formula_weights import formula_state_dict
from tests.support.threads import one_thread
from tts_core.models.gpt_sovits.config import SoVITSConfig, T2SConfig
from tts_core.models.gpt_sovits.sovits import SoVITS, build_sovits
from tts_core.models.gpt_sovits.t2s import T2S, build_t2s

DATA = Path(__file__).parent / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with these, the longest: what is left for the end is short, and no worker waits for another."""
    items.sort(key=lambda item: "tests/parity/" not in item.nodeid)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="module")
def t2s() -> T2S:
    config = t2s_config("v2")
    return build_t2s(_tensors(t2s_shapes(config)), T2SConfig.from_checkpoint(config))


@pytest.fixture(scope="module", params=["v1", "v2", "v2Pro", "v2ProPlus"])
def sovits(request: pytest.FixtureRequest) -> SoVITS:
    version: str = request.param
    config = sovits_config(version)
    tensors = _tensors(sovits_shapes(version, config))
    return build_sovits(tensors, SoVITSConfig.from_checkpoint(config, version))


def _tensors(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    return {key: torch.from_numpy(array) for key, array in formula_state_dict(shapes).items()}
