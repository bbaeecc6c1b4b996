"""Which engine an entry of `engines` stands for. Engines are imported only where they run."""

from __future__ import annotations

import asyncio

from deployments.config import EngineArgs, FormantArgs, GPTSoVITSArgs
from tts_core.engine.protocol import AsyncEngine


async def create_engine(args: EngineArgs) -> AsyncEngine:
    """Return the engine, its weights loaded, not yet started.

    Raises:
        SetupError: what is missing, and what to run to get it.
    """
    if isinstance(args, FormantArgs):
        return _formant(args)
    return await asyncio.to_thread(_gpt_sovits, args)


def _formant(args: FormantArgs) -> AsyncEngine:
    from tts_core.models.formant.engine import FormantEngine

    return FormantEngine(
        limits=args.streaming.limits(),
        num_slots=args.num_slots,
        max_running=args.max_running,
        model_name=args.model,
    )


def _gpt_sovits(args: GPTSoVITSArgs) -> AsyncEngine:
    import torch

    from tts_core.models.gpt_sovits.engine import SoloEngine
    from tts_core.models.gpt_sovits.loaded_model import load_model
    from tts_core.models.gpt_sovits.prompt_cache import PromptCache
    from tts_core.models.gpt_sovits.stored_voices import StoredVoices
    from tts_core.models.gpt_sovits.weights import locate_weights
    from tts_core.voices import VoiceStore

    device = "cuda" if torch.cuda.is_available() else "cpu"
    paths = locate_weights(args.weights, args.version)
    model = load_model(paths, args.model, getattr(torch, args.precision), device)
    voices = StoredVoices(VoiceStore(args.voices), PromptCache(args.prompt_cache), model)
    return SoloEngine(
        model, voices.prompt, voices.infos, args.streaming.limits(), args.num_slots, args.num_threads
    )
