from __future__ import annotations

from unittest.mock import patch

import pytest
import torch

from tts_core.models.gpt_sovits.precision import Precision, resolve_precision


@pytest.mark.parametrize(("native", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_cpu_takes_bfloat16_where_it_has_instructions_for_it(native: bool, expected: torch.dtype) -> None:
    with patch("tts_core.models.gpt_sovits.precision._cpu_has_bfloat16", lambda: native):
        assert resolve_precision("auto", "cpu") == expected


@pytest.mark.parametrize(("native", "expected"), [(True, torch.bfloat16), (False, torch.float16)])
def test_a_gpu_takes_the_half_size_that_it_has(native: bool, expected: torch.dtype) -> None:
    with patch("torch.cuda.is_bf16_supported", lambda including_emulation: native):
        assert resolve_precision("auto", "cuda") == expected


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_what_is_stated_is_taken(precision: Precision) -> None:
    assert resolve_precision(precision, "cpu") == getattr(torch, precision)


def test_a_torch_that_does_not_tell_computes_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
    assert resolve_precision("auto", "cpu") == torch.float32
