"""The fleet is changed under its listeners, as in every week of its life, and newcomers come meanwhile."""

from __future__ import annotations

import asyncio
import copy
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import Fleet, plan
from benchmarks.chaos.listener import AHEAD_S, Ask, Heard, listen, open_session
from benchmarks.chaos.scenario import Options, Outcome, attend, took, until
from benchmarks.chaos.server import run_server
from benchmarks.load.summary import percentile

_SENTENCES = 12
"""Some 50 s: replicas that leave wait for whoever listens to them."""
_CALM_S, _WITHIN_S = 10.0, 120.0
_PAUSE_S = 0.1


@dataclass(frozen=True)
class _Change:
    """What is done to a fleet of two.

    Attributes:
        edit: changes the arguments that are deployed.
        num_replaced, num_left: how many of its replicas go at least, and how many there are in the end.
    """

    name: str
    did: str
    edit: Callable[[dict[str, Any]], None]
    num_replaced: int
    num_left: int


def rolling(options: Options) -> Sequence[Outcome]:
    """Update the engines' settings."""

    def edit(engine: dict[str, Any]) -> None:
        engine["streaming"] = {"lead_s": 9.0}

    return _run(_Change("update", "a rolling update replaces both replicas", edit, 2, 2), options)


def scale_down(options: Options) -> Sequence[Outcome]:
    """Take one of two replicas away."""

    def edit(engine: dict[str, Any]) -> None:
        engine["replica"]["autoscaling"] = {"min_replicas": 1, "max_replicas": 1}

    return _run(_Change("scale-down", "one of two replicas is taken away", edit, 1, 1), options)


def _run(change: _Change, options: Options) -> Sequence[Outcome]:
    with tempfile.TemporaryDirectory(prefix="pvx-weights-") as folder:
        planned = plan(options.model, 2, Path(folder), sentences=_SENTENCES)
        args, newcomer = planned.args, planned.newcomer
        for part in (args["engines"][0]["replica"], args["ingress"]):  # as in production: nobody is cut
            del part["graceful_shutdown_timeout_s"]
        changed = copy.deepcopy(args)
        change.edit(changed["engines"][0])
        with run_server(args) as server:
            running = Fleet(server, planned.asks)

            async def update(events: Events) -> None:
                before = await _newcomers(server.url, newcomer, asyncio.sleep(_CALM_S))
                events.mark()
                is_done = _is_done(running, change)
                server.deploy(changed)
                waiting = asyncio.ensure_future(until(is_done, _WITHIN_S))
                meanwhile = await _newcomers(server.url, newcomer, waiting)
                events.notes.append(took("done", await waiting))
                events.notes += [_waits("before it", before), _waits("meanwhile", meanwhile)]

            # The ingress is replaced as well, so its own address is nobody's to keep.
            return [attend(change.name, change.did, running, options, update, is_past_proxies=False)]


def _is_done(running: Fleet, change: _Change) -> Callable[[], bool]:
    """Return what tells whether it is over, asked before it begins."""
    present = {one.pid for one in running.server.engines()}

    def is_done() -> bool:
        now = {one.pid for one in running.server.engines()}
        return len(now) == change.num_left and len(present - now) >= change.num_replaced

    return is_done


async def _newcomers(url: str, ask: Ask, end: Any) -> list[Heard]:
    """Let one newcomer come after the other until something ends, and return what they heard."""
    ending, heard = asyncio.ensure_future(end), list[Heard]()
    async with open_session(AHEAD_S) as session:
        while not ending.done():
            heard.append(await listen(session, url, ask, None))
            await asyncio.sleep(_PAUSE_S)
    return heard


def _waits(when: str, heard: Sequence[Heard]) -> str:
    """Say how long newcomers waited for their first audio."""
    waits_ms = [1e3 * one.first_audio_s for one in heard if one.first_audio_s is not None]
    shares = [percentile(waits_ms, share) for share in (0.5, 0.95, 1.0)] if waits_ms else []
    failed = sum(bool(one.error) for one in heard)
    waited = ", ".join(f"{wait_ms:.0f}" for wait_ms in shares)
    return f"newcomers {when}: {len(heard)}, {failed} failed, first audio p50, p95, longest {waited} ms"
