"""Which engine an entry of `engines` stands for. Engines are imported only where they run."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from deployments.config import CheckpointArgs, EngineArgs, FormantArgs, GPTSoVITSArgs, ReplicaArgs
from tts_core.engine.protocol import AsyncEngine
from tts_core.errors import InvalidConfig, SetupError
from tts_core.imports import import_for_good

if TYPE_CHECKING:
    import torch

    from tts_core.models.gpt_sovits.weights import WeightsPaths

_NEURAL = ("tts_core.engine.async_engine", "tts_core.models.gpt_sovits.loaded_model")
"""These import PyTorch, and nearly all that speaking takes."""


async def create_engine(args: EngineArgs, model: str) -> AsyncEngine:
    """Return the engine for one of the models of `args`, its weights loaded, not yet started.

    Raises:
        SetupError: what is missing, and what to run to get it.
    """
    return await asyncio.to_thread(make_engine, args, model)


def make_engine(args: EngineArgs, model: str, *, gives_way: bool = False) -> AsyncEngine:
    """The same, in the calling thread.

    Args:
        gives_way: whether others speak in this process, so that starting the engine is to leave them theirs.
    """
    return _formant(args) if isinstance(args, FormantArgs) else _gpt_sovits(args, model, gives_way)


def check_files(args: EngineArgs, model: str) -> None:
    """Return if a model's files are whole and fit together. Keeps nothing of them.

    Raises:
        MissingWeights, InvalidCheckpoint: which file, what was expected and what was found.
    """
    if isinstance(args, FormantArgs):
        return
    import_for_good(*_NEURAL)
    from tts_core.models.gpt_sovits.model_files import check_model

    check_model(model_paths(args.models[model]))


def _formant(args: FormantArgs) -> AsyncEngine:
    from tts_core.models.formant.engine import FormantEngine

    return FormantEngine(
        limits=args.streaming.limits(),
        num_slots=args.num_slots,
        max_running=args.max_running,
        model_name=args.model,
    )


def _gpt_sovits(args: GPTSoVITSArgs, name: str, gives_way: bool) -> AsyncEngine:
    import_for_good(*_NEURAL)
    from tts_core.engine.assembly import EngineOptions
    from tts_core.engine.async_engine import BatchingEngine
    from tts_core.frontend.lexicon import load_words
    from tts_core.models.gpt_sovits.loaded_model import load_model
    from tts_core.models.gpt_sovits.precision import resolve_precision
    from tts_core.models.gpt_sovits.prompt_cache import PromptCache
    from tts_core.models.gpt_sovits.script import SpeakingOptions
    from tts_core.models.gpt_sovits.stored_voices import StoredVoices
    from tts_core.torch_threads import pin_threads
    from tts_core.voices import VoiceStore

    pin_threads(args.num_threads)  # others of this process may speak meanwhile, in other numbers
    words = load_words(args.lexicon) if args.lexicon else None
    device = take_device(args.replica)
    precision = resolve_precision(args.precision, device)
    chosen = args.models[name]
    at_once = args.side_models == "at_start"
    if device.type == "cuda" and not at_once:
        raise InvalidConfig("side_models: when_needed is for CPUs; a GPU's memory is all taken at start-up")
    model = load_model(
        model_paths(chosen), name, precision, device, side_models_at_once=at_once, readings=chosen.readings
    )
    voices = StoredVoices(VoiceStore(args.voices), PromptCache(args.prompt_cache), model, args.num_threads)
    options = EngineOptions(
        num_slots=args.num_slots,
        max_streams=args.max_streams,
        num_threads=args.num_threads,
        second_core=args.second_core or ("never" if device.type == "cuda" else "alone"),
        policy=args.policy,
        min_pace=_min_pace(args, device),
        gpu_share=args.replica.gpus,
        gives_way=gives_way,
        num_more=0 if gives_way else args.max_loaded_models - 1,
        speaking=SpeakingOptions(words=words),
    )
    return BatchingEngine(
        model, voices.prompt, voices.infos, args.streaming.limits(), options, settle=voices.settle
    )


def take_device(replica: ReplicaArgs) -> torch.device:
    """Return where a replica computes. On a GPU, this process is held to its share from now on.

    Ray only keeps count of shares: without a limit, one replica's allocations would be another one's failure.

    Raises:
        SetupError: a GPU was asked for, and this process sees none.
    """
    import torch

    if replica.device == "cpu" or (replica.device == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise SetupError("the replica is to run on a GPU, and PyTorch sees none in this process")
    torch.cuda.set_per_process_memory_fraction(replica.gpus)
    return torch.device("cuda")


def _min_pace(args: GPTSoVITSArgs, device: torch.device) -> float:
    """Few voices reach real time on a CPU, and its users would rather wait than be refused."""
    if args.min_pace is not None:
        return args.min_pace
    return 1.0 if device.type == "cuda" else 0.0


def model_paths(args: CheckpointArgs) -> WeightsPaths:
    from tts_core.models.gpt_sovits.weights import locate_weights

    own = {"t2s": args.t2s, "sovits": args.sovits}
    given = {part: Path(path).expanduser() for part, path in own.items() if path is not None}
    return dataclasses.replace(locate_weights(args.weights, args.version), **given)
