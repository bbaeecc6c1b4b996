"""A voice: what was recorded, what was said, and an id that follows from both."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tts_core.errors import InvalidVoice
from tts_core.voices.consent import Consent
from tts_core.voices.defaults import VoiceDefaults

FORMAT = "polyvox-voice/1"
"""The manifest's `format`. A change that older readers would misread gets a new one."""

ID_PATTERN = re.compile(r"v-[0-9a-f]{16}")
_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID_DIGITS = 16


@dataclass(frozen=True)
class Recording:
    """One uploaded file, kept as it came.

    Attributes:
        name: the file's name, for people.
        sha256: of its bytes, in hex.
        num_bytes: its size.
        duration_s: how long it sounds.
    """

    name: str
    sha256: str
    num_bytes: int
    duration_s: float


@dataclass(frozen=True)
class Voice:
    """An immutable voice.

    Attributes:
        name: what a request calls it; unique within its store.
        text: what the reference recording says.
        language: request language of the text ("en", "zh", ...).
        recordings: the reference first, then extra references, which only shape the timbre.
        defaults: settings of its own.
        consent: what the speaker agreed to, where somebody stated it.
        id: "v-" and 16 hex digits that follow from everything but names and consent: equal content, equal id.
    """

    name: str
    text: str
    language: str
    recordings: tuple[Recording, ...]
    defaults: VoiceDefaults = field(default_factory=VoiceDefaults)
    consent: Consent | None = None

    @property
    def id(self) -> str:
        content = {
            "format": FORMAT,
            "text": self.text,
            "language": self.language,
            "recordings": [recording.sha256 for recording in self.recordings],
            "defaults": self.defaults.to_dict(),
        }
        return "v-" + hashlib.sha256(canonical_json(content)).hexdigest()[:_ID_DIGITS]

    def to_dict(self) -> dict[str, Any]:
        """Return the voice as plain values, the id included."""
        consent = {} if self.consent is None else {"consent": asdict(self.consent)}
        return {
            "format": FORMAT,
            "id": self.id,
            "name": self.name,
            "text": self.text,
            "language": self.language,
            "recordings": [asdict(recording) for recording in self.recordings],
            "defaults": self.defaults.to_dict(),
            **consent,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Voice:
        """Rebuild a voice from `to_dict`.

        Raises:
            InvalidVoice: something is missing, misshaped, or doesn't give the id that it claims.
        """
        if values.get("format") != FORMAT:
            raise InvalidVoice(f"expected format {FORMAT!r}; found {values.get('format')!r}")
        try:
            voice = cls(
                name=values["name"],
                text=values["text"],
                language=values["language"],
                recordings=tuple(Recording(**recording) for recording in values["recordings"]),
                defaults=VoiceDefaults.from_dict(values["defaults"]),
                consent=Consent(**values["consent"]) if "consent" in values else None,
            )
            found = voice.id
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidVoice(f"expected the fields of a voice; found {error!r}") from error
        if found != values.get("id") or not voice.recordings:
            raise InvalidVoice(f"expected content of voice {values.get('id')!r}; found that of {found!r}")
        return voice


def check_name(name: str) -> str:
    """Return the name if a voice may have it.

    Raises:
        InvalidVoice: it has other characters, is too long, or looks like a voice's id.
    """
    if not is_name(name):
        raise InvalidVoice(
            "expected a voice name of 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or "
            f"digit and unlike an id (v- and 16 hex digits); found {name!r}",
            param="name",
        )
    return name


def is_name(text: str) -> bool:
    """Whether a voice may have this name. It is part of file names, so nothing else gets near a path."""
    return bool(_NAME_PATTERN.fullmatch(text)) and not ID_PATTERN.fullmatch(text)


def canonical_json(values: Mapping[str, Any]) -> bytes:
    """Return the one JSON spelling that hashes are taken over."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
