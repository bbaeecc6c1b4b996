"""Carries out a plan: every distinct request alone, and the whole crowd at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.isolation.catalogue import choose_speakers, fetch_catalogue
from benchmarks.isolation.compare import Alone, Refusal, Verdict, judge
from benchmarks.isolation.listener import Answer, Listener
from benchmarks.isolation.plan import Ask, Visit, describe_request, make_plan
from benchmarks.isolation.settings import CannotRun, IsolationSettings
from benchmarks.load.dialects import endpoint
from benchmarks.load.lag import RunClock
from benchmarks.load.session import open_session

# Some voices can't read figures, some models not every language: alone or in a crowd.
_OWN_FAULT = (400, 404)

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True)
class Attended:
    """One concurrent request, what became of it, and what that proves."""

    visit: Visit
    answer: Answer
    verdict: Verdict


@dataclass(frozen=True)
class IsolationResult:
    """What a run left behind: solo answers by key, and the concurrent ones in the order of the plan."""

    solos: dict[int, Answer]
    attended: list[Attended]
    solo_s: float
    crowd_s: float


async def run_isolation(
    settings: IsolationSettings, progress: Progress = lambda doing, done, total: None
) -> IsolationResult:
    """Run the proof. What the server does wrong to a crowd is a result, not an exception.

    Raises:
        CannotRun: the server offers no voice that was asked for, or fails a request even alone.
    """
    async with open_session(settings.target, settings.listening) as session:
        catalogue = await fetch_catalogue(session, settings.target)
        plan = make_plan(settings, choose_speakers(catalogue, settings.choice))
        clock = RunClock()
        listener = Listener(session, endpoint(settings.target), clock, settings.crowd.patience_s)
        run = _Run(listener, settings.crowd.concurrency, clock, progress)
        if settings.solo_when == "first":
            await run.alone(plan)
            await run.together(plan)
        else:
            await run.together(plan)
            await run.alone(plan)
    return run.result(plan)


class _Run:
    def __init__(self, listener: Listener, concurrency: int, clock: RunClock, progress: Progress) -> None:
        self._listener = listener
        self._concurrency = concurrency
        self._clock = clock
        self._progress = progress
        self._solos: dict[int, Answer] = {}
        self._answers: dict[int, Answer] = {}
        self._kept: dict[bytes, bytes] = {}
        self._solo_s = self._crowd_s = 0.0

    async def alone(self, plan: Sequence[Visit]) -> None:
        """Make each distinct request that can be spoken, one after the other."""
        began_s = self._clock.now()
        sound = [visit.ask.sound or visit.ask for visit in plan]
        asks = {ask.key: ask for ask in sound}
        for done, (key, ask) in enumerate(sorted(asks.items())):
            self._progress("alone", done, len(asks))
            answer = await self._listener.hear(ask)
            _check_solo(ask, answer)
            self._keep(answer)
            self._solos[key] = answer
        self._progress("alone", len(asks), len(asks))
        self._solo_s = self._clock.now() - began_s

    async def together(self, plan: Sequence[Visit]) -> None:
        """Let the crowd in: so many listeners at once, each asking again when done."""
        began_s = self._clock.now()
        remaining = iter(plan)
        crowd = [self._listen_in_turn(remaining, len(plan)) for _ in range(self._concurrency)]
        await asyncio.gather(*crowd)
        self._progress("together", len(plan), len(plan))
        self._crowd_s = self._clock.now() - began_s

    async def _listen_in_turn(self, remaining: Iterator[Visit], total: int) -> None:
        for visit in remaining:
            await asyncio.sleep(visit.pause_s)
            answer = await self._listener.hear(visit.ask, visit.leave)
            self._keep(answer)
            self._answers[visit.index] = answer
            self._progress("together", len(self._answers), total)

    def _keep(self, answer: Answer) -> None:
        """Hold equal answers once: a thousand of a hundred distinct requests must fit into memory."""
        answer.data = self._kept.setdefault(answer.data, answer.data)

    def result(self, plan: Sequence[Visit]) -> IsolationResult:
        """Judge every answer."""
        alone = Alone(
            {key: solo.data for key, solo in self._solos.items()},
            {key: _refusal(solo) for key, solo in self._solos.items() if solo.status != 200},
        )
        attended = [
            Attended(visit, answer, judge(visit, answer, alone))
            for visit in plan
            for answer in (self._answers[visit.index],)
        ]
        return IsolationResult(self._solos, attended, self._solo_s, self._crowd_s)


def _refusal(solo: Answer) -> Refusal:
    return Refusal(solo.status or 0, solo.failure.code if solo.failure else "")


def _check_solo(ask: Ask, answer: Answer) -> None:
    """Return if there is something to compare with: audio, or a refusal that is the request's own fault."""
    if answer.status == 200 and answer.failure is None and answer.data:
        return
    if answer.status in _OWN_FAULT and answer.failure is not None:
        return
    reason = f"{answer.failure.code}: {answer.failure.message}" if answer.failure else "no audio"
    raise CannotRun(f"{describe_request(ask.body)} fails even alone: {answer.status} {reason}")
