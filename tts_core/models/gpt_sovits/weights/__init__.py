"""Weights on disk and on the model hub: which files a version needs, where they lie, how they get there.

`pull` and `hub` need huggingface_hub and are imported only by those who fetch.
"""

from tts_core.models.gpt_sovits.weights.folder import (
    DEFAULT_WEIGHTS_DIR,
    WEIGHTS_VARIABLE,
    WeightsPaths,
    default_weights_dir,
    find_missing,
    locate_weights,
    missing_weights,
    pull_command,
)
from tts_core.models.gpt_sovits.weights.table import VERSIONS, Version, WeightsLayout, weights_layout

__all__ = [
    "DEFAULT_WEIGHTS_DIR",
    "VERSIONS",
    "WEIGHTS_VARIABLE",
    "Version",
    "WeightsLayout",
    "WeightsPaths",
    "default_weights_dir",
    "find_missing",
    "locate_weights",
    "missing_weights",
    "pull_command",
    "weights_layout",
]
