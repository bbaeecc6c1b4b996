"""Which engine an entry of `engines` stands for. Engines are imported only where they run."""

from __future__ import annotations

from deployments.config import EngineArgs
from tts_core.engine.protocol import AsyncEngine


def create_engine(args: EngineArgs) -> AsyncEngine:
    """Return the engine, not yet started."""
    from tts_core.models.formant.engine import FormantEngine

    return FormantEngine(
        limits=args.streaming.limits(),
        num_slots=args.num_slots,
        max_running=args.max_running,
        model_name=args.model,
    )
