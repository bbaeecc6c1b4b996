"""Runs of Han characters as words."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tts_core.errors import MissingDependency

if TYPE_CHECKING:
    from tts_core.frontend.chinese.words import WordSegmenter


def cut_chinese(run: str) -> list[str]:
    """Return jieba's words of a run of Han characters, which joined are the run.

    Raises:
        MissingDependency: jieba isn't installed.
    """
    return [word.text for word in _segmenter().words(run)]


@functools.cache
def _segmenter() -> WordSegmenter:
    try:
        from tts_core.frontend.chinese.words import WordSegmenter
    except ModuleNotFoundError as error:
        raise MissingDependency(f"Chinese words need the package {error.name}") from error
    return WordSegmenter()
