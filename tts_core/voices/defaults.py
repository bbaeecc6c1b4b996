"""How a voice is spoken with where a request doesn't say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tts_core.errors import InvalidVoice
from tts_core.ranges import shown

# Lowest and highest value of each setting. The highest top_k is the size of the models' codebook.
RANGES: dict[str, tuple[float, float]] = {
    "top_k": (1, 1024),
    "top_p": (0.01, 1.0),
    "temperature": (0.0, 2.0),
    "repetition_penalty": (0.5, 3.0),
    "speed": (0.25, 4.0),
}


@dataclass(frozen=True, kw_only=True)
class VoiceDefaults:
    """Settings of a voice's own; None leaves a setting to the model.

    Raises:
        InvalidVoice: a value is out of its range in `RANGES`, or not a number.
    """

    top_k: int | None = None
    top_p: float | None = None
    temperature: float | None = None
    repetition_penalty: float | None = None
    speed: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            _check(field.name, value)
            if field.name != "top_k":  # 1 and 1.0 are one setting, so they give one voice id
                object.__setattr__(self, field.name, float(value))

    def to_dict(self) -> dict[str, float]:
        """Return the settings that are given."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in values if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> VoiceDefaults:
        """Build from plain values.

        Raises:
            InvalidVoice: an unknown setting, or a value out of range.
        """
        unknown = sorted(set(values) - set(RANGES))
        if unknown:
            raise InvalidVoice(
                f"a voice has no default {unknown[0]!r}; known: {', '.join(RANGES)}", param=unknown[0]
            )
        return cls(**values)


def _check(name: str, value: Any) -> None:
    low, high = RANGES[name]
    kinds = (int,) if name == "top_k" else (int, float)
    is_number = isinstance(value, kinds) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:  # as NaN isn't
        kind = "a whole number" if name == "top_k" else "a number"
        found = shown(value) if is_number else repr(value)
        raise InvalidVoice(f"expected {name} as {kind} from {low:g} to {high:g}; found {found}", param=name)
