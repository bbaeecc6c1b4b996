"""One segment from semantic tokens to PCM, in steps that a scheduler can put where it likes.

`SegmentVocoder` keeps the books of one segment and computes its latents; `run_windows` runs the generator
over windows of any segments at once. What a segment sounds like never depends on when its steps are taken.
"""

from tts_core.engine.work import Work
from tts_core.models.gpt_sovits.vocoding.pcm import silence, to_pcm
from tts_core.models.gpt_sovits.vocoding.plan import WINDOW_FRAMES, SegmentPlan, Span, num_given, plan_windows
from tts_core.models.gpt_sovits.vocoding.segment import SegmentVocoder
from tts_core.models.gpt_sovits.vocoding.shaping import SegmentVoice, anchored_latents_of, latents_of
from tts_core.models.gpt_sovits.vocoding.windows import (
    WindowGenerator,
    WindowInputs,
    run_windows,
    stack_windows,
)

__all__ = [
    "WINDOW_FRAMES",
    "SegmentPlan",
    "SegmentVocoder",
    "SegmentVoice",
    "Span",
    "WindowGenerator",
    "WindowInputs",
    "Work",
    "anchored_latents_of",
    "latents_of",
    "num_given",
    "plan_windows",
    "run_windows",
    "silence",
    "stack_windows",
    "to_pcm",
]
