"""A second model's weights are damaged, and it is asked for while the first one speaks."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import Fleet, make_neural, neural_args, neural_asks
from benchmarks.chaos.listener import Ask, listen, open_session
from benchmarks.chaos.scenario import Options, Outcome, attend, settle
from benchmarks.chaos.server import run_server
from tts_core.models.gpt_sovits.weights import locate_weights

_NUM_ASKED = 5


def run(options: Options) -> Sequence[Outcome]:
    """Ask for a model whose checkpoint is cut off, several times, and for one with noise in its middle."""
    with tempfile.TemporaryDirectory(prefix="pvx-weights-") as name:
        folder = Path(name)
        make_neural(folder)
        with run_server(_args(folder)) as server:
            running = Fleet(server, neural_asks(4, sentences=40))

            async def ask_for_broken(events: Events) -> None:
                events.mark()
                for model in ("short", "noise"):
                    events.notes.append(await _ask(running, model))
                await settle(events, 10)

            options = replace(options, model="neural")
            did = "a model with damaged weights is asked for, its load fails"
            return [attend("weights", did, running, options, ask_for_broken)]


def _args(folder: Path) -> dict[str, object]:
    data = locate_weights(folder / "weights", "v2").t2s.read_bytes()
    middle = len(data) // 2
    (folder / "short.ckpt").write_bytes(data[:middle])
    (folder / "noise.ckpt").write_bytes(data[:middle] + bytes(4096) + data[middle + 4096 :])
    # With room for one, those who listen would keep another from being loaded.
    args = neural_args(2, folder, max_loaded_models=2)
    models = args["engines"][0]["models"]
    for name in ("short", "noise"):
        models[name] = {**models["small"], "t2s": str(folder / f"{name}.ckpt")}
    return args


async def _ask(running: Fleet, model: str) -> str:
    ask = Ask(-1, {**running.asks[0].body, "model": model})
    async with open_session(0.0) as session:
        jobs = [listen(session, running.server.url, ask, None) for _ in range(_NUM_ASKED)]
        answers = Counter(one.error or "spoken" for one in await asyncio.gather(*jobs))
    told = ", ".join(f"{number} times {answer}" for answer, number in answers.items())
    return f"{_NUM_ASKED} asked for the model {model!r}: {told}"
