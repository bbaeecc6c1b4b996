from __future__ import annotations

import math
from typing import Any

import pytest

from tts_core.errors import InvalidParameter
from tts_core.sampling_params import SamplingParams


def test_defaults_are_the_references() -> None:
    params = SamplingParams()
    assert (params.top_k, params.top_p, params.temperature, params.repetition_penalty) == (15, 1, 1, 1.35)
    assert (params.min_tokens, params.max_tokens, params.ignore_eos) == (11, 1500, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top_k", 0),
        ("top_k", 1026),
        ("top_k", 2.5),
        ("top_p", -0.1),
        ("top_p", 1.1),
        ("top_p", math.nan),
        ("temperature", -1.0),
        ("temperature", math.inf),
        ("repetition_penalty", 0.0),
        ("min_tokens", 0),
        ("max_tokens", 1501),
        ("max_tokens", True),
        ("top_k", "15"),
        ("top_k", 10**400),
        ("max_tokens", 10**400),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidParameter, match=name) as caught:
        SamplingParams(**{name: value})
    assert caught.value.param == name


def test_more_tokens_at_least_than_at_most_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="min_tokens"):
        SamplingParams(min_tokens=12, max_tokens=11)
