"""What a speaker has agreed to, kept beside their voice."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tts_core.errors import InvalidVoice

MAX_CONSENT_CHARS = 2000


@dataclass(frozen=True)
class Consent:
    """A statement of consent, as whoever added the voice made it. Nobody here can check that it is true.

    It is no part of a voice's id: the same recording is the same voice, whoever vouches for it.

    Attributes:
        text: the statement.
        recorded_at: when it was made, in UTC, ISO 8601.
        added_by: id of the API key that added the voice; "" where no key was asked for.
    """

    text: str
    recorded_at: str
    added_by: str = ""


def check_consent(text: str) -> str:
    """Return a statement without the space around it.

    Raises:
        InvalidVoice: it says nothing, or more than is kept.
    """
    text = text.strip()
    if not re.search(r"[^\W_]", text):
        raise InvalidVoice(f"expected the speaker's consent in words; found {text[:40]!r}", param="consent")
    if len(text) > MAX_CONSENT_CHARS:
        raise InvalidVoice(
            f"expected a consent of {MAX_CONSENT_CHARS} characters at most; found {len(text)}",
            param="consent",
        )
    return text
