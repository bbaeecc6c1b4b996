"""Tokens that a replica has drawn before it was lost needn't be drawn again by the next one."""

from __future__ import annotations

import dataclasses

import pytest

from tests.unit.engine.bench import Bench
from tests.unit.models.gpt_sovits_engine.support import FIXED_LENGTH, NUM_TOKENS, TEXT, request, speak_alone
from tts_core.engine.operations import Decode, Prefill, Vocode
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.request import Returning, SynthesisRequest
from tts_core.sampling_params import SamplingParams


def spoken(model: LoadedModel, wanted: SynthesisRequest) -> Bench:
    bench = Bench(model, max_len=2048)
    bench.add(wanted)
    bench.run()
    return bench


def returning(wanted: SynthesisRequest, codes: tuple[int, ...], first_segment: int = 0) -> SynthesisRequest:
    return dataclasses.replace(wanted, first_segment=first_segment, returning=Returning(0, 0.0, codes))


@pytest.fixture(scope="module")
def codes(model: LoadedModel) -> dict[int, tuple[int, ...]]:
    """The tokens of both segments, as a listener's ingress is told them with their first audio."""
    return spoken(model, request()).heard().codes


def test_they_are_told_with_the_first_audio(codes: dict[int, tuple[int, ...]]) -> None:
    assert [len(codes[index]) for index in (0, 1)] == [NUM_TOKENS, NUM_TOKENS]
    assert codes[0] != codes[1]


@pytest.mark.parametrize("low_latency", [False, True])
@pytest.mark.parametrize("first", [0, 1])
def test_the_bytes_are_the_same_and_only_later_segments_are_decoded(
    model: LoadedModel, codes: dict[int, tuple[int, ...]], low_latency: bool, first: int
) -> None:
    wanted = request(low_latency=low_latency)
    rest = spoken(model, dataclasses.replace(wanted, first_segment=first)).heard().pcm
    assert speak_alone(model, wanted).endswith(rest)
    again = spoken(model, returning(wanted, codes[first], first))
    assert again.heard().pcm == rest
    assert again.kinds.count(Prefill) == len(TEXT) - 1 - first
    assert again.heard().codes[first] == codes[first]  # for whoever moves once more


def test_early_audio_brings_no_tokens_since_they_are_not_complete(model: LoadedModel) -> None:
    heard = spoken(model, request(low_latency=True)).heard()
    assert heard.codes[0] == ()


def test_what_is_watched_isnt_watched_again(model: LoadedModel) -> None:
    wanted = request(TEXT[0], sampling=SamplingParams())
    first = spoken(model, wanted)
    assert first.ears.verdicts
    again = spoken(model, returning(wanted, first.heard().codes[0]))
    assert again.heard().pcm == first.heard().pcm
    assert Decode not in again.kinds
    assert not again.ears.verdicts


@pytest.mark.parametrize("foreign", [(3, 1024), (-1, 3), (5,) * (NUM_TOKENS + 1)])
def test_what_can_be_no_tokens_of_it_is_left_aside(model: LoadedModel, foreign: tuple[int, ...]) -> None:
    wanted = request(sampling=FIXED_LENGTH)
    assert spoken(model, returning(wanted, foreign)).heard().pcm == speak_alone(model, wanted)


def test_others_decode_beside_it_as_ever(model: LoadedModel, codes: dict[int, tuple[int, ...]]) -> None:
    bench = Bench(model)
    other = request(request_id="other", seed=8)
    bench.add(other)
    bench.add(returning(request(), codes[0]))
    bench.run()
    assert bench.heard("other").pcm == speak_alone(model, other)
    assert bench.heard().pcm == speak_alone(model, request())


LONG = SamplingParams(ignore_eos=True, min_tokens=181, max_tokens=181)
"""In low latency, the rest after the early windows is two windows then."""
WINDOW = 16 * 1280 // 2
"""Samples of the first window, the only one of its size."""


@pytest.mark.parametrize("are_tokens_known", [False, True])
@pytest.mark.parametrize("low_latency", [False, True])
def test_windows_of_what_is_known_are_not_made_again(
    model: LoadedModel, low_latency: bool, are_tokens_known: bool
) -> None:
    wanted = request(TEXT[0], sampling=LONG)
    codes = spoken(model, wanted).heard().codes[0] if are_tokens_known else ()
    wanted = dataclasses.replace(wanted, low_latency=low_latency)
    whole = spoken(model, wanted)
    pcm, num_windows = whole.heard().pcm, whole.kinds.count(Vocode)
    left_out = dict[int, int]()
    for num_known in (0, WINDOW - 1, WINDOW, len(pcm) // 4, len(pcm) // 2, 2**40):
        again = Bench(model, max_len=2048)
        returning = Returning(num_known, 0.0, codes, may_skip=True)
        listener = again.add(dataclasses.replace(wanted, returning=returning))
        again.run()
        start = left_out[num_known] = again.heard().num_known
        assert start <= num_known
        assert again.heard().pcm
        assert again.heard().pcm == pcm[2 * start :]
        assert listener.num_produced == len(pcm) // 2
        assert (again.kinds.count(Vocode) < num_windows) == (start > 0)
    if low_latency:  # early audio is made of other tokens than the rest, and joined to it
        assert set(left_out.values()) == {0}
    else:
        assert (left_out[WINDOW - 1], left_out[WINDOW]) == (0, WINDOW)
        assert left_out[len(pcm) // 4] > WINDOW
