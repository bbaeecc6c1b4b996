"""Semantic tokens to audio, in stages that can be run apart.

`SoVITS.style.encode` makes a voice's style once; `prior` and `latents` make a segment's latents once;
`generator` makes audio of any window of them; `codebook` turns a reference's features into prompt tokens.
"""

from tts_core.models.gpt_sovits.sovits.build import build_sovits
from tts_core.models.gpt_sovits.sovits.model import Prior, SoVITS, num_frames
from tts_core.models.gpt_sovits.sovits.reference import Style
from tts_core.models.gpt_sovits.sovits.windows import Window, cut_window, run_window

__all__ = [
    "Prior",
    "SoVITS",
    "Style",
    "Window",
    "build_sovits",
    "cut_window",
    "num_frames",
    "run_window",
]
