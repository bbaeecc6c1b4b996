"""Which engine an entry of `engines` stands for. Engines are imported only where they run."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from deployments.config import CheckpointArgs, EngineArgs, FormantArgs, GPTSoVITSArgs
from tts_core.engine.protocol import AsyncEngine

if TYPE_CHECKING:
    from tts_core.models.gpt_sovits.weights import WeightsPaths


async def create_engine(args: EngineArgs, model: str) -> AsyncEngine:
    """Return the engine for one of the models of `args`, its weights loaded, not yet started.

    Raises:
        SetupError: what is missing, and what to run to get it.
    """
    if isinstance(args, FormantArgs):
        return _formant(args)
    return await asyncio.to_thread(_gpt_sovits, args, model)


def _formant(args: FormantArgs) -> AsyncEngine:
    from tts_core.models.formant.engine import FormantEngine

    return FormantEngine(
        limits=args.streaming.limits(),
        num_slots=args.num_slots,
        max_running=args.max_running,
        model_name=args.model,
    )


def _gpt_sovits(args: GPTSoVITSArgs, name: str) -> AsyncEngine:
    import torch

    from tts_core.engine.assembly import EngineOptions
    from tts_core.engine.async_engine import BatchingEngine
    from tts_core.models.gpt_sovits.loaded_model import load_model
    from tts_core.models.gpt_sovits.prompt_cache import PromptCache
    from tts_core.models.gpt_sovits.stored_voices import StoredVoices
    from tts_core.voices import VoiceStore

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load_model(_paths(args.models[name]), name, getattr(torch, args.precision), device)
    voices = StoredVoices(VoiceStore(args.voices), PromptCache(args.prompt_cache), model)
    options = EngineOptions(
        num_slots=args.num_slots,
        num_threads=args.num_threads,
        policy=args.policy,
        min_pace=_min_pace(args, device),
    )
    return BatchingEngine(
        model, voices.prompt, voices.infos, args.streaming.limits(), options, settle=voices.settle
    )


def _min_pace(args: GPTSoVITSArgs, device: str) -> float:
    """Few voices reach real time on a CPU, and its users would rather wait than be refused."""
    if args.min_pace is not None:
        return args.min_pace
    return 1.0 if device == "cuda" else 0.0


def _paths(args: CheckpointArgs) -> WeightsPaths:
    from tts_core.models.gpt_sovits.weights import locate_weights

    own = {"t2s": args.t2s, "sovits": args.sovits}
    given = {part: Path(path).expanduser() for part, path in own.items() if path is not None}
    return dataclasses.replace(locate_weights(args.weights, args.version), **given)
