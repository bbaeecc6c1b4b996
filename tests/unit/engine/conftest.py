"""The tiny models of the GPT-SoVITS engine's tests."""

from __future__ import annotations

from tests.unit.models.gpt_sovits_engine.conftest import (
    cold_start,
    model,
    model_of,
    one_thread,
    warm_once,
    weights_of,
)

__all__ = ["cold_start", "model", "model_of", "one_thread", "warm_once", "weights_of"]
