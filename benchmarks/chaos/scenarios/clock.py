"""The wall clock jumps, in every Python process of the server. (Ray's own C++ processes keep theirs.)"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import Fleet, plan
from benchmarks.chaos.scenario import Options, Outcome, attend, settle
from benchmarks.chaos.server import run_server

_JUMPS_S = (3600.0, -7200.0, 86_400.0, 0.0)
_SENTENCES = 40
_SCALING = {"min_replicas": 1, "max_replicas": 6, "downscale_delay_s": 30.0}
"""The fleet sizes itself: by a jump it is to become neither larger nor smaller."""
_SLOTS = 8

_SITE = """
import os, time
_real, _real_ns, _path = time.time, time.time_ns, os.environ["CHAOS_CLOCK"]
def _offset():
    with open(_path) as file:
        return float(file.read() or 0)
time.time = lambda: _real() + _offset()
time.time_ns = lambda: _real_ns() + int(_offset() * 1e9)
"""


def run(options: Options) -> Sequence[Outcome]:
    """Let it jump forth and back, and count replicas meanwhile."""
    with tempfile.TemporaryDirectory(prefix="pvx-clock-") as folder:
        (Path(folder) / "sitecustomize.py").write_text(_SITE, "utf-8")
        clock = Path(folder) / "offset"
        clock.write_text("0", "utf-8")
        variables = {"PYTHONPATH": f"{folder}:{Path.cwd()}", "CHAOS_CLOCK": str(clock)}
        planned = plan(options.model, 1, Path(folder), sentences=_SENTENCES)
        engine = planned.args["engines"][0]
        engine["num_slots"], engine["replica"]["autoscaling"] = _SLOTS, _SCALING
        with run_server(planned.args, environment=variables) as server:
            running = Fleet(server, planned.asks)

            async def jump(events: Events) -> None:
                counts = [len(server.engines())]
                for offset_s in _JUMPS_S:
                    fresh = clock.with_suffix(".new")
                    fresh.write_text(str(offset_s), "utf-8")
                    events.mark()
                    fresh.replace(clock)
                    await settle(events, 10)
                    counts.append(len(server.engines()))
                events.notes.append(f"offsets of {', '.join(f'{one:g}' for one in _JUMPS_S)} s")
                events.notes.append(f"{', '.join(map(str, counts))} replicas before and after each")

            return [attend("clock", "the wall clock jumps by hours, forth and back", running, options, jump)]
