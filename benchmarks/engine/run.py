"""One whole run: the model is loaded, its stages are measured, and then engines speak."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import torch

from benchmarks.engine.budget import Budget, budgets
from benchmarks.engine.ceilings import Probe, best_of, measure_ceilings
from benchmarks.engine.clock import Clock
from benchmarks.engine.conditions import describe_machine, describe_model, describe_software
from benchmarks.engine.contestants import Arena, Contest, Contestant, memory_in_use
from benchmarks.engine.crowd import Crowd
from benchmarks.engine.measured import Measured
from benchmarks.engine.parking_stages import ParkingStages
from benchmarks.engine.reading_stages import ReadingStages
from benchmarks.engine.relaxed import free_shapes, free_windows_and_noise
from benchmarks.engine.runner import stage_runner
from benchmarks.engine.settings import Settings
from benchmarks.engine.sovits_stages import SoVITSStages
from benchmarks.engine.t2s_stages import T2SStages, longest_sequence
from benchmarks.engine.t2s_work import t2s_weight_bytes
from benchmarks.engine.voices import Sentence
from benchmarks.engine.work import Ceilings
from tts_core.engine.assembly import EngineOptions
from tts_core.models.gpt_sovits.loaded_model import LoadedModel, load_model
from tts_core.models.gpt_sovits.weights import locate_weights

FIXED, FREE = "fixed shapes", "free shapes"
STALLED, NOBODY = "stalled listeners", "nobody beside"
TWO_CORES, ONE_CORE = "second core", "one core"

Telling = Callable[[str], AbstractContextManager[object]]
"""Says what is being done, while it is."""


@dataclass(frozen=True)
class StageResults:
    """Stages against the ceilings, which were measured before and after them."""

    ceilings: Sequence[Ceilings]
    measured: Sequence[Measured]
    budgets: Sequence[Budget]

    @property
    def highest(self) -> Ceilings:
        return best_of(self.ceilings)


@dataclass(frozen=True)
class Results:
    """What came of a run. Parts that were not asked for are None.

    Attributes:
        memory: what the process held at each of several moments.
    """

    settings: Settings
    machine: dict[str, Any]
    software: dict[str, Any]
    model: dict[str, Any]
    memory: dict[str, dict[str, int]] = field(default_factory=dict)
    stages: StageResults | None = None
    load: Sequence[Contest] | None = None
    determinism: Sequence[Contest] | None = None
    stalled: Sequence[Contest] | None = None
    alone: Sequence[Contest] | None = None


class Run:
    """Makes the parts of a run over one model."""

    def __init__(self, settings: Settings, tell: Telling) -> None:
        self._settings, self._tell = settings, tell
        self._device = torch.device(settings.device)
        self._memory: dict[str, dict[str, int]] = {}

    def make(self) -> Results:
        """Make the parts that are asked for, one after the other.

        Raises:
            PolyvoxError: the weights can't be loaded, or an engine failed.
        """
        settings = self._settings
        torch.set_num_threads(settings.threads)
        machine = describe_machine(self._device)
        with self._tell("Loading the model"):
            model = self._load()
        self._note_memory("model loaded")
        parts: dict[str, Any] = {
            "stages": lambda: self._stages(model),
            "load": lambda: asyncio.run(self._load_part(model)),
            "determinism": lambda: asyncio.run(self._determinism(model)),
            "stalled": lambda: asyncio.run(self._stalled(model)),
            "alone": lambda: asyncio.run(self._alone(model)),
        }
        made = {name: make() for name, make in parts.items() if name in settings.parts}
        return Results(
            settings=settings,
            machine=machine,
            software=describe_software(settings.threads),
            model=describe_model(model, settings.weights),
            memory=self._memory,
            **made,
        )

    def _load(self) -> LoadedModel:
        paths = locate_weights(self._settings.weights, self._settings.version)
        return load_model(paths, "measured", getattr(torch, self._settings.dtype), self._device)

    def _stages(self, model: LoadedModel) -> StageResults:
        sizes = self._settings.stages
        clock = Clock(self._device, sizes.seconds)
        probe = Probe(
            t2s_weight_bytes(model.t2s.config, model.dtype.itemsize), sizes.stream_bytes, sizes.matrix_dim
        )
        with self._tell("Measuring the machine"):
            before = measure_ceilings(clock, probe, model.dtype, self._device)
        sentence = Sentence(model, self._settings.voice, self._settings.tokens)
        runner = stage_runner(model, max(sizes.rows), longest_sequence(sizes, sentence))
        kinds = (
            T2SStages(model.t2s, runner, clock, sizes, sentence),
            SoVITSStages(model.sovits, runner, clock, sizes.latents, sentence),
            ParkingStages(runner, clock, sizes.kv_lens),
            ReadingStages(model, clock, sentence),
        )
        measured: list[Measured] = []
        with self._tell("Measuring stages"):
            for kind in kinds:
                measured.extend(kind.measure())
        with self._tell("Measuring the machine again"):
            after = measure_ceilings(clock, probe, model.dtype, self._device)
        self._note_memory("stages measured")
        return StageResults((before, after), measured, budgets(measured, sentence, sizes.rows))

    async def _load_part(self, model: LoadedModel) -> list[Contest]:
        load = self._settings.load
        contestants = [Contestant(policy, self._options(policy=policy)) for policy in load.policies]
        most, sampling = max(load.listeners), self._settings.sampling
        crowds = [Crowd.spread(most, load.rate, sampling, low_latency=load.low_latency)]
        crowds += [Crowd.burst(count, sampling, low_latency=load.low_latency) for count in load.listeners]
        return await self._contests(model, contestants, crowds, load.rounds)

    async def _determinism(self, model: LoadedModel) -> list[Contest]:
        pairs, sampling = self._settings.pairs, self._settings.sampling
        contestants = [
            Contestant(FIXED, self._options()),
            Contestant(FREE, self._options(), free_shapes, free_windows_and_noise),
        ]
        crowds = [Crowd.burst(count, sampling, low_latency=False) for count in pairs.listeners]
        return await self._contests(model, contestants, crowds, pairs.rounds)

    async def _stalled(self, model: LoadedModel) -> list[Contest]:
        pairs, sampling = self._settings.pairs, self._settings.sampling
        num_slots = max(pairs.listeners)
        # As many as there may be beside those who have slots.
        num_stalled = EngineOptions(num_slots=num_slots).most_streams - num_slots
        contestants = [
            Contestant(STALLED, self._options(), num_stalled=num_stalled),
            Contestant(NOBODY, self._options()),
        ]
        crowds = [Crowd.burst(count, sampling, low_latency=False) for count in pairs.listeners]
        return await self._contests(model, contestants, crowds, pairs.rounds)

    async def _alone(self, model: LoadedModel) -> list[Contest]:
        pairs, sampling = self._settings.pairs, self._settings.sampling
        contestants = [
            Contestant(TWO_CORES, self._options(second_core="alone", num_spare_cores=0)),
            Contestant(ONE_CORE, self._options(second_core="never")),
        ]
        crowds = [Crowd.burst(1, sampling, low_latency=low_latency) for low_latency in (True, False)]
        return await self._contests(model, contestants, crowds, pairs.rounds)

    async def _contests(
        self, model: LoadedModel, contestants: Sequence[Contestant], crowds: Sequence[Crowd], rounds: int
    ) -> list[Contest]:
        most = max(len(crowd.arrivals_s) for crowd in crowds)
        arena = Arena(model, self._settings.voice, contestants, most)
        names = " and ".join(one.name for one in contestants)
        made: list[Contest] = []
        async with arena.opened():
            self._note_memory(f"engines with {names} started")
            for crowd in crowds:
                with self._tell(f"{len(crowd.arrivals_s)} listeners in a {crowd.name}, {names} in turn"):
                    made.extend(await arena.contest(crowd, rounds))
            self._note_memory(f"engines with {names} visited")
        return made

    def _options(self, **changes: Any) -> EngineOptions:
        return EngineOptions(num_threads=self._settings.threads, **changes)

    def _note_memory(self, when: str) -> None:
        self._memory[when] = memory_in_use(self._device)
