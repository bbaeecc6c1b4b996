"""What can't be run is said before anything is loaded."""

from __future__ import annotations

import pytest
import torch

from deployments import engines
from deployments.config import GPTSoVITSArgs
from tts_core.errors import InvalidConfig


def test_on_a_gpu_side_models_are_loaded_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory is all taken then."""
    monkeypatch.setattr(engines, "take_device", lambda replica: torch.device("cuda"))
    args = GPTSoVITSArgs(side_models="when_needed", precision="float16")
    with pytest.raises(InvalidConfig, match="when_needed is for CPUs"):
        engines.make_engine(args, "gpt-sovits")
