"""Which requests belong to ElevenLabs' dialect. For whoever has to know before a route is found."""

from __future__ import annotations

SPEAKING = "/v1/text-to-speech/"
LISTS = frozenset({"/v1/voices", "/v2/voices"})


def is_elevenlabs(path: str) -> bool:
    """Whether a path, without any prefix, is answered in the shapes of this dialect."""
    return path in LISTS or path.startswith(SPEAKING)
