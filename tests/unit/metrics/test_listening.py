"""What an ingress measures of answers, and that it forgets them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
import pytest

from deployments.metrics import catalogue
from deployments.metrics.listening import IngressFigures, Outcome
from deployments.metrics.recorder import Ledger

SOUND = np.full(100, 5000, np.int16).tobytes()
SILENCE = np.full(100, 20, np.int16).tobytes()


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", clock)
        yield clock


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_silence_is_not_the_first_audio(clock: Clock, ledger: Ledger) -> None:
    listening = IngressFigures(ledger).listening("m")
    listening.begin(clock.now_s)
    for pcm, heard in ((SILENCE, 0), (SOUND, 1), (SOUND, 1)):
        listening.begin_write()
        listening.end_write(pcm, 0.1)
        assert ledger.value(catalogue.TTFA, model="m") == heard


def test_streams_that_go_where_fewer_listen_are_counted(ledger: Ledger) -> None:
    figures = IngressFigures(ledger)
    figures.spread("m")
    figures.spread("m")
    assert ledger.value(catalogue.SPREAD, model="m") == 2


def test_open_answers_are_measured_while_they_go_on(clock: Clock, ledger: Ledger) -> None:
    figures = IngressFigures(ledger)
    rich, poor = figures.listening("m"), figures.listening("m")
    for listening, audio_s in ((rich, 60.0), (poor, 6.5)):
        listening.begin(clock.now_s)
        listening.begin_write()
        listening.end_write(SOUND, audio_s)
    clock.now_s += 6.0
    figures.sample(clock.now_s)
    figures.sample(clock.now_s)  # nothing is counted twice
    assert ledger.value(catalogue.HEADROOM, model="m") == pytest.approx(0.5)
    assert ledger.value(catalogue.LISTENERS, model="m") == 2
    assert ledger.value(catalogue.DELIVERED_S, model="m") == pytest.approx(66.5)
    clock.now_s += 1.5
    poor.begin_write()
    figures.sample(clock.now_s)
    assert ledger.value(catalogue.UNDERRUNS, model="m") == 1
    assert ledger.value(catalogue.UNDERRUN_S, model="m") == pytest.approx(1.0)


def test_ends_are_counted_and_forgotten(clock: Clock, ledger: Ledger) -> None:
    figures = IngressFigures(ledger)
    for outcome in Outcome:
        listening = figures.listening("m")
        listening.begin(clock.now_s)
        listening.end(outcome)
    figures.sample(clock.now_s)
    for outcome in Outcome:
        assert ledger.value(catalogue.STREAMS, model="m", outcome=outcome.value) == 1
    assert ledger.value(catalogue.LISTENERS, model="m") == 0
    assert math.isnan(ledger.value(catalogue.HEADROOM, model="m"))


def test_calls_that_do_not_fit_a_metric_are_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="is a counter"):
        ledger.set(catalogue.ERRORS, 1.0, code="x")
    with pytest.raises(ValueError, match="has the labels"):
        ledger.add(catalogue.ERRORS, model="x")
