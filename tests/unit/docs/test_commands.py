"""Every command in the documentation is one that there is, with options that it has."""

from __future__ import annotations

import pytest

from tests.unit.docs.commands import fault_of, words_of
from tests.unit.docs.pages import Sample, blocks, spans

_OURS = ("make ", "polyvox ", "python -m benchmarks.")


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_commands_in_blocks(block: Sample) -> None:
    faults = {" ".join(words): fault_of(words, is_whole=True) for words in words_of(block.text)}
    assert {command: fault for command, fault in faults.items() if fault} == {}


def test_commands_in_prose() -> None:
    named = [span for span in spans() if span.text.startswith(_OURS)]
    assert len(named) > 10
    faults = {
        f"{span}: {span.text}": fault_of(words, is_whole=False)
        for span in named
        for words in words_of(span.text)
    }
    assert {command: fault for command, fault in faults.items() if fault} == {}


@pytest.mark.parametrize(
    "command",
    [
        "make speech",
        "polyvox sing 'La.'",
        "polyvox say Hello. --loud",
        "polyvox voices add me.wav --text Hello.",
        "polyvox weights pull v2 v3",
        "python -m benchmarks.load http://127.0.0.1:8000 --bursts 8",
        "python -m benchmarks.overload http://127.0.0.1:8000",
        "kubectl exec pod -- polyvox weights push",
    ],
)
def test_a_wrong_command_is_noticed(command: str) -> None:
    assert any(fault_of(words, is_whole=True) for words in words_of(command))


def test_commands_are_told_apart() -> None:
    script = "make docs   # all of it\nA=1 \\\n  b '# c\n' d && e | f > g"
    assert [*words_of(script)] == [["make", "docs"], ["A=1", "b", "# c\n", "d"], ["e"], ["f"]]
