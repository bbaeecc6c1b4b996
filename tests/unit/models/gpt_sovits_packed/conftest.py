"""Small models in both forms, computed with one thread as in a replica."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import pytest
import torch

from tests.support.threads import one_thread
from tests.unit.models.gpt_sovits.builders import tiny_sovits, tiny_t2s
from tts_core.models.gpt_sovits.packed import can_pack, pack_sovits, pack_t2s
from tts_core.models.gpt_sovits.sovits import SoVITS
from tts_core.models.gpt_sovits.t2s import T2S

DTYPES = [torch.float32, torch.bfloat16]

SoVITSOf = Callable[[torch.dtype], SoVITS]
T2SOf = Callable[[torch.dtype], T2S]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(params=DTYPES, ids=str)
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    kind: torch.dtype = request.param
    if not can_pack(kind, "cpu"):
        pytest.skip(f"this machine doesn't pack {kind}")
    return kind


@pytest.fixture(scope="package")
def packed_t2s() -> T2SOf:
    def build(dtype: torch.dtype) -> T2S:
        model = tiny_t2s(dtype)
        pack_t2s(model)
        return model

    return lru_cache(build)


@pytest.fixture(scope="package")
def packed_sovits() -> SoVITSOf:
    def build(dtype: torch.dtype) -> SoVITS:
        model = tiny_sovits(dtype=dtype)
        pack_sovits(model)
        return model

    return lru_cache(build)
