"""The tiny models of the GPT-SoVITS engine's tests."""

from __future__ import annotations

from tests.unit.models.gpt_sovits_engine.conftest import model, model_of, one_thread, weights_of

__all__ = ["model", "model_of", "one_thread", "weights_of"]
