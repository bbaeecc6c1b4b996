"""Puts an engine together from its parts: counts its memory, proves its shapes, and runs every one once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch

from tts_core.background import apart
from tts_core.engine.admission import most_streams
from tts_core.engine.costs import Costs
from tts_core.engine.engine import Engine
from tts_core.engine.free_memory import free_memory
from tts_core.engine.graphs import CudaRecorder, record_runner
from tts_core.engine.idle_cores import IdleCores, own_cores
from tts_core.engine.memory import MemoryPlan, plan_host_memory, plan_memory
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.outlet import Outlet
from tts_core.engine.policies import LeastHeadroom, Policy, RoundRobin
from tts_core.engine.rows import proven
from tts_core.engine.scheduler import Scheduler
from tts_core.engine.second_core import SecondCore
from tts_core.engine.sequence import Sequence
from tts_core.engine.shapes import Shapes
from tts_core.engine.sharing import Shareable, proven_shared
from tts_core.engine.threads import Threads
from tts_core.engine.voicing import VoiceJob
from tts_core.engine.warm_up import warm_up
from tts_core.engine.workspaces import WORKSPACES
from tts_core.errors import SetupError
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.packed import release_unused_memory
from tts_core.models.gpt_sovits.script import SpeakingOptions
from tts_core.torch_threads import pin_threads

_log = logging.getLogger(__name__)

PolicyName = Literal["least_headroom", "round_robin"]
SecondCoreUse = Literal["never", "alone", "always"]


@dataclass(frozen=True)
class EngineOptions:
    """How large an engine is, and how it works.

    Attributes:
        num_slots: sequences decoded at once, and listeners who are served at once.
        max_streams: listeners who may be here at once, those included who have all the audio that they may
            have, and lend their slots meanwhile. None: half as many again as there are slots. Each beyond
            `num_slots` takes as much of the host's memory as a slot takes of the device's: on a CPU only
            while somebody is parked, which start-up reckons with all the same.
        num_threads: how many threads torch uses for one operation. Bits may depend on it.
        second_core: when a second core is used. `alone`: while there is one listener, twice as many threads
            share in a step, as long as that core is idle. `always`, for a replica with two cores: with more
            of them, audio is made in a thread of its own beside the one that decodes. No bit depends on it.
        num_spare_cores: how many must be idle beside those that share. Their threads wait for each other:
            where nothing is left for those who carry the audio, they hold up both.
        policy: whose turn it is.
        min_pace: see `Admission`.
        max_step_s: a step that takes longer never ends: the engine is poisoned.
        speaking: what requests don't say.
        free_value: what free slots hold; see `ModelRunner`.
        gpu_share: how much of a GPU's memory this process may take, from 0 to 1.
        gives_way: whether starting leaves other engines of this process the time they need.
        num_more: how many engines of this size are to fit beside it later.
    """

    num_slots: int = 4
    max_streams: int | None = None
    num_threads: int = 1
    second_core: SecondCoreUse = "never"
    num_spare_cores: int = 1
    policy: PolicyName = "least_headroom"
    min_pace: float = 0.0
    max_step_s: float = 60.0
    speaking: SpeakingOptions = field(default_factory=SpeakingOptions)
    free_value: float = 0.0
    gpu_share: float = 1.0
    gives_way: bool = False
    num_more: int = 0

    @property
    def most_streams(self) -> int:
        return most_streams(self.num_slots, self.max_streams)

    @property
    def most_threads(self) -> int:
        """Return how many threads may share in what is done for one listener."""
        has_cores = len(own_cores()) >= 2 * self.num_threads + self.num_spare_cores
        return 2 * self.num_threads if self.second_core != "never" and has_cores else self.num_threads

    @property
    def num_shelves(self) -> int:
        """Return how many sequences can be parked at once.

        Somebody is parked only where every slot is taken, for one more listener: that makes as many as there
        may be listeners beyond slots, and one for the moment in which two of them change places.
        """
        num_beyond = self.most_streams - self.num_slots
        return num_beyond + 1 if num_beyond > 0 else 0


def assemble(
    model: LoadedModel,
    options: EngineOptions,
    prepare: Callable[[Sequence], None],
    outlet: Outlet,
    costs: Costs,
    start_voicer: Callable[[ModelRunner], Callable[[VoiceJob], None]],
) -> Engine:
    """Allocate an engine and warm it up, in the thread that will use it.

    Args:
        start_voicer: begins to make audio elsewhere, with the runner given, and returns how to ask for it.
            Called where a second core always does.

    Raises:
        SetupError: it doesn't fit, or can't keep its listeners apart here.
    """
    shapes = Shapes.for_device(model.device, options.num_slots)
    plan = _checked_plan(model, options, shapes)
    try:
        # A thread's priority can't be raised again, so it isn't the one that will speak.
        warm = apart(lambda: _warm_runner(model, options, shapes), "warm up", gives_way=options.gives_way)
        runner, shared = warm.result()
    except torch.OutOfMemoryError as error:
        raise SetupError(f"{plan}, and more than that: {error}") from error
    WORKSPACES.promise(runner, model.device, plan.num_passing)
    release_unused_memory()
    _report(plan, model.device)
    policy, window_rows = _policy(options.policy, costs), runner.shapes.window_rows
    scheduler = Scheduler(options.num_slots, policy, window_rows, options.num_shelves)
    make_audio = start_voicer(runner) if options.second_core == "always" else None
    threads = Threads(
        options.num_threads, options.most_threads, IdleCores(own_cores()), options.num_spare_cores
    )
    second_core = SecondCore(threads, shared, make_audio)
    return Engine(model, runner, scheduler, prepare, outlet, costs, second_core)


def _checked_plan(model: LoadedModel, options: EngineOptions, shapes: Shapes) -> MemoryPlan:
    """Return what will be held on the device, having seen that there is room for it, and for shelves."""
    max_len, num_shelves = options.speaking.max_len, options.num_shelves
    plan = plan_memory(model, options.num_slots, max_len, shapes, num_shelves)
    num_free = free_memory(model.device, options.gpu_share)
    plan.check(num_free, WORKSPACES.promised(model.device), options.num_more)
    if model.device.type == "cuda":
        host = plan_host_memory(model, max_len, num_shelves)
        host.check(free_memory(torch.device("cpu")), num_more=options.num_more)
    return plan


def _warm_runner(
    model: LoadedModel, options: EngineOptions, shapes: Shapes
) -> tuple[ModelRunner, frozenset[Shareable]]:
    pin_threads(options.num_threads)
    runner = _runner(model, options, shapes)
    warm_up(model, runner)
    many = options.most_threads if model.device.type == "cpu" else options.num_threads
    return runner, proven_shared(model, runner, options.num_threads, many)


def _runner(model: LoadedModel, options: EngineOptions, shapes: Shapes) -> ModelRunner:
    """Return what runs the models, in shapes that were proven, recorded where the device can."""
    is_cuda = model.device.type == "cuda"
    if is_cuda:
        torch.cuda.reset_peak_memory_stats(model.device)
        # Some of its algorithms add in whatever order threads come, and trials choose others every time.
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        # Whoever asks for float32 would get convolutions of ten bits.
        torch.backends.cudnn.allow_tf32 = False
    runner = ModelRunner(
        model.t2s,
        model.sovits.generator,
        options.num_slots,
        options.speaking.max_len,
        shapes,
        options.free_value,
        options.num_shelves,
    )
    runner.shapes = proven(shapes, model.t2s, runner.cache)
    if is_cuda:
        record_runner(runner, CudaRecorder(model.device))
    for slot in range(runner.num_slots):
        runner.clear(slot, shapes.kv_multiple)
    return runner


def _report(plan: MemoryPlan, device: torch.device) -> None:
    _log.info("%s", plan)
    if device.type == "cuda":
        gib = torch.cuda.max_memory_allocated(device) / 2**30
        _log.info("at most %.1f GiB of the GPU were in use at once while every shape ran", gib)


def _policy(name: PolicyName, costs: Costs) -> Policy:
    return RoundRobin() if name == "round_robin" else LeastHeadroom(lambda: costs.prefill_s)
