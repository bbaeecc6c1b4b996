"""What turns a segment's tokens into audio."""

from __future__ import annotations

import enum


class Work(enum.Enum):
    """A step between tokens and audio: latents first, then windows of audio."""

    SHAPE = enum.auto()
    WINDOW = enum.auto()
