"""Puts an engine together from its parts, and runs every shape once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tts_core.engine.costs import Costs
from tts_core.engine.engine import Engine, Outlet
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.policies import LeastHeadroom, Policy, RoundRobin
from tts_core.engine.scheduler import Scheduler
from tts_core.engine.sequence import Sequence
from tts_core.engine.shapes import Shapes
from tts_core.engine.warm_up import warm_up
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.speaking import SpeakingOptions

PolicyName = Literal["least_headroom", "round_robin"]


@dataclass(frozen=True)
class EngineOptions:
    """How large an engine is, and how it works.

    Attributes:
        num_slots: listeners, and sequences decoded at once.
        num_threads: how many threads torch uses for one operation. Bits may depend on it.
        policy: whose turn it is.
        min_pace: see `Admission`.
        max_step_s: a step that takes longer never ends: the engine is poisoned.
        speaking: what requests don't say.
        free_value: what free slots hold; see `ModelRunner`.
    """

    num_slots: int = 4
    num_threads: int = 1
    policy: PolicyName = "least_headroom"
    min_pace: float = 0.0
    max_step_s: float = 60.0
    speaking: SpeakingOptions = field(default_factory=SpeakingOptions)
    free_value: float = 0.0


def assemble(
    model: LoadedModel,
    options: EngineOptions,
    prepare: Callable[[Sequence], None],
    outlet: Outlet,
    costs: Costs,
) -> Engine:
    """Allocate an engine and warm it up, in the thread that will use it."""
    runner = ModelRunner(model.t2s, options.num_slots, options.speaking.max_len, Shapes(), options.free_value)
    scheduler = Scheduler(options.num_slots, _policy(options.policy, costs), runner.shapes.window_rows)
    warm_up(model, runner)
    return Engine(model, runner, scheduler, prepare, outlet, costs)


def _policy(name: PolicyName, costs: Costs) -> Policy:
    return RoundRobin() if name == "round_robin" else LeastHeadroom(lambda: costs.prefill_s)
