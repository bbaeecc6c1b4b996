"""What an engine's bits depend on, beside the request and its voice."""

from __future__ import annotations

from tts_core.engine.assembly import EngineOptions
from tts_core.engine.shapes import Shapes
from tts_core.fingerprints import digest
from tts_core.models.gpt_sovits.fingerprint import surroundings
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import SpeakingOptions


def identity_of(model: LoadedModel, options: EngineOptions) -> str:
    """Return a name that two engines share only if they give the same bytes for the same request.

    The other way round it is not so: some options count that may turn out not to matter. Whoever moves a
    stream between engines would rather end it than splice two voices.
    """
    return digest(
        "gpt_sovits",
        surroundings(model.device, options.num_threads),
        model.fingerprint,
        # Where rows aren't independent, a decode step runs over all slots: see `Shapes`.
        f"{options.num_slots} {Shapes.for_device(model.device, options.num_slots)}",
        _speaking(options.speaking),
    )


def _speaking(options: SpeakingOptions) -> str:
    figures = (options.noise_scale, options.pause_s, options.max_len, options.num_window_rows)
    return f"{figures} {options.sampling} {tuple(options.words or ())}"
