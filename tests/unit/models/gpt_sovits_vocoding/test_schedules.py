"""When tokens come and when someone asks must not be heard."""

from __future__ import annotations

from collections import deque
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.unit.models.gpt_sovits.builders import tiny_sovits
from tests.unit.models.gpt_sovits_vocoding.support import codes_of, new_vocoder, vocode, voice_of
from tts_core.models.gpt_sovits.sovits import SoVITS
from tts_core.models.gpt_sovits.vocoding import SegmentVocoder, Work, run_windows

TURNS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4), st.integers(1, 3)), min_size=1, max_size=6)
MODES = [(low_latency, speed) for low_latency in (False, True) for speed in (1.0, 1.3)]


_another_model = lru_cache(tiny_sovits)


@lru_cache
def step_by_step(count: int, is_first: bool, low_latency: bool, speed: float) -> bytes:
    sovits = _another_model()
    vocoder = new_vocoder(sovits, voice_of(sovits, speed=speed), is_first=is_first, low_latency=low_latency)
    return b"".join(vocode(sovits, vocoder, codes_of(count)))


class Listener:
    """Does things when a schedule says so, and leaves up to `max_out` windows unanswered."""

    def __init__(self, sovits: SoVITS, vocoder: SegmentVocoder) -> None:
        self._sovits, self._vocoder = sovits, vocoder
        self._out: deque[Tensor] = deque()
        self.heard = b""

    def work(self, codes: list[int], is_complete: bool, max_out: int) -> None:
        due = self._vocoder.due(len(codes), is_complete)
        if due is Work.SHAPE:
            self._vocoder.shape(codes, is_complete)
        elif due is Work.WINDOW:
            self._out.extend(run_windows(self._sovits.generator, [self._vocoder.next_window()], 1))
        if self._out and (due is None or len(self._out) >= max_out):
            self.heard += self._vocoder.accept(self._out.popleft())


@pytest.mark.parametrize(("low_latency", "speed"), MODES)
@settings(max_examples=12, deadline=None)
@given(count=st.sampled_from([5, 11, 12, 30, 90]), is_first=st.booleans(), turns=TURNS)
def test_bytes_do_not_depend_on_when_anyone_asks(
    sovits: SoVITS, low_latency: bool, speed: float, count: int, is_first: bool, turns: list[tuple[int, ...]]
) -> None:
    vocoder = new_vocoder(sovits, voice_of(sovits, speed=speed), is_first=is_first, low_latency=low_latency)
    listener, codes, known = Listener(sovits, vocoder), codes_of(count), 0
    while not vocoder.is_finished:
        for arriving, num_works, max_out in [*turns, (1, 1, 1)]:
            is_complete = known >= count  # told a turn after the last token came
            known = min(known + arriving, count)
            for _ in range(num_works):
                listener.work(codes[:known], is_complete, max_out)

    assert listener.heard == step_by_step(count, is_first, low_latency, speed)
