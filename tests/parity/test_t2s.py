"""T2S at full size against extracts of the reference's output (two texts, 40 steps, 4 rows of logits)."""

from __future__ import annotations

from benchmarks.parity_checks import read_golden
from benchmarks.parity_t2s import check_t2s
from tests.parity.conftest import DATA
from tts_core.models.gpt_sovits.t2s import T2S


def test_tokens_and_logits_are_the_reference_s_alone_and_batched_on_either_padding(t2s: T2S) -> None:
    golden = read_golden(DATA / "t2s_v2.npz")

    checks = check_t2s(t2s, golden, num_alone=3)  # two greedy ones, and one that is sampled

    assert [check for check in checks if not check.passed] == []
    assert len(checks) == 2 * 2 + 1 + 2 * (2 * 2 + 3)
