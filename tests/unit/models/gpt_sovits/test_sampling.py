"""The batched sampler equals the reference's maths written row by row."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tts_core.models.gpt_sovits.sampling import Sampled, SamplingTensors, ranked_probabilities, sample

VOCAB = 40
EOS = VOCAB - 1

Settings = tuple[int, float, float, float]


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def sample_row(
    logits: np.ndarray, previous: list[int], noise: np.ndarray, settings: Settings, allow_eos: bool
) -> tuple[int, int]:
    """One row, step by step. Returns the token and the greedy token."""
    top_k, top_p, temperature, penalty = settings
    logits = logits.astype(np.float64).copy()
    if not allow_eos:
        logits[EOS] = -np.inf
    for token in set(previous):
        logits[token] = logits[token] * penalty if logits[token] < 0 else logits[token] / penalty
    greedy = int(logits.argmax())
    if top_p < 1:
        order = np.argsort(-logits, kind="stable")
        removed = np.cumsum(softmax(logits[order])) > top_p
        removed[0] = False
        logits[order[removed]] = -np.inf
    logits = logits / max(temperature, 1e-5)
    pivot = np.sort(logits)[::-1][min(top_k, VOCAB) - 1]
    logits[logits < pivot] = -np.inf
    return int((softmax(logits) / noise).argmax()), greedy


def tensors(settings: list[Settings]) -> SamplingTensors:
    top_k, top_p, temperature, penalty = zip(*settings, strict=True)
    return SamplingTensors(
        torch.tensor(top_k), torch.tensor(top_p), torch.tensor(temperature), torch.tensor(penalty)
    )


def seen_of(previous: list[list[int]]) -> Tensor:
    seen = torch.zeros(len(previous), VOCAB, dtype=torch.bool)
    for row, tokens in zip(seen, previous, strict=True):
        row[tokens] = True
    return seen


def draw(
    logits: Tensor, settings: list[Settings], previous: list[list[int]], noise: Tensor, eos: list[bool]
) -> Sampled:
    return sample(logits, seen_of(previous), noise, tensors(settings), EOS, torch.tensor(eos))


settings_rows = st.tuples(
    st.integers(1, 60),
    st.sampled_from([0.05, 0.5, 0.8, 0.95, 1.0]),
    st.sampled_from([0.0, 0.3, 0.7, 1.0, 1.5]),
    st.sampled_from([1.0, 1.2, 1.35, 2.0]),
)


@given(seed=st.integers(0, 2**31), settings=st.lists(settings_rows, min_size=1, max_size=4))
def test_every_row_is_the_reference_s(seed: int, settings: list[Settings]) -> None:
    random = np.random.default_rng(seed)
    rows = len(settings)
    logits = (random.standard_normal((rows, VOCAB)) * 4).astype(np.float32)
    noise = random.exponential(size=(rows, VOCAB)).astype(np.float32)
    previous = [random.integers(0, EOS, 10).tolist() for _ in range(rows)]
    eos = [bool(flag) for flag in random.integers(0, 2, rows)]

    drawn = draw(torch.from_numpy(logits), settings, previous, torch.from_numpy(noise), eos)

    for row in range(rows):
        expected = sample_row(logits[row], previous[row], noise[row], settings[row], eos[row])
        assert (int(drawn.tokens[row]), int(drawn.greedy[row])) == expected


def test_eos_is_impossible_until_it_is_allowed() -> None:
    logits = torch.zeros(2, VOCAB)
    logits[:, EOS] = 50.0

    drawn = draw(logits, [(15, 1.0, 1.0, 1.0)] * 2, [[], []], torch.ones(2, VOCAB), [False, True])

    assert EOS not in (int(drawn.tokens[0]), int(drawn.greedy[0]))
    assert (int(drawn.tokens[1]), int(drawn.greedy[1])) == (EOS, EOS)


def test_the_penalty_reaches_the_prompt_and_both_signs() -> None:
    logits = torch.full((1, VOCAB), -9.0)
    logits[0, [3, 4]] = torch.tensor([2.0, 1.9])

    drawn = draw(logits, [(1, 1.0, 1.0, 1.2)], [[3]], torch.ones(1, VOCAB), [True])
    assert int(drawn.tokens) == 4

    logits[0, [3, 4]] = torch.tensor([-2.0, -2.1])
    drawn = draw(logits, [(1, 1.0, 1.0, 1.2)], [[3]], torch.ones(1, VOCAB), [True])
    assert int(drawn.tokens) == 4


@pytest.mark.parametrize("winner", [7, 8, 9])
def test_tokens_that_tie_with_the_last_of_top_k_are_kept(winner: int) -> None:
    logits = torch.full((1, VOCAB), -9.0)
    logits[0, [7, 8, 9]] = 1.0
    noise = torch.ones(1, VOCAB)
    noise[0, winner] = 1e-3

    assert int(draw(logits, [(2, 1.0, 1.0, 1.0)], [[]], noise, [True]).tokens) == winner


def test_top_p_counts_untempered_probabilities() -> None:
    """At temperature 5 the second token would be well within 0.9; before it, the first alone exceeds it."""
    logits = torch.full((1, VOCAB), -9.0)
    logits[0, [7, 8]] = torch.tensor([4.0, 1.0])
    noise = torch.ones(1, VOCAB)
    noise[0, 8] = 1e-6

    assert int(draw(logits, [(15, 0.9, 5.0, 1.0)], [[]], noise, [True]).tokens) == 7


def test_something_always_stays_possible() -> None:
    """The first token alone exceeds a tiny top_p."""
    ranked = torch.tensor([[3.0, 2.0, 1.0]])

    probabilities = ranked_probabilities(ranked, tensors([(15, 0.01, 1.0, 1.0)]))

    assert probabilities.tolist() == [[1.0, 0.0, 0.0]]


def test_a_top_p_of_one_drops_nothing_where_rounding_takes_the_sum_above_one() -> None:
    ranked = torch.randn(200, 1025, generator=torch.Generator().manual_seed(0)).sort(descending=True).values
    assert (ranked.softmax(1).cumsum(1) > 1).any()

    probabilities = ranked_probabilities(ranked, tensors([(1025, 1.0, 1.0, 1.0)] * 200))

    assert (probabilities > 0).all()


def test_logits_are_left_as_they_are() -> None:
    logits = torch.randn(2, VOCAB)
    before = logits.clone()

    draw(logits, [(5, 0.8, 0.7, 1.3)] * 2, [[1, 2], [3]], torch.ones(2, VOCAB), [False, True])

    assert torch.equal(logits, before)
