"""What a listener may choose to be spoken to with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VoiceInfo:
    """One entry of a catalogue of voices.

    Attributes:
        id: what a request names; unique within its model.
        name: what a person reads.
        language: the voice's own language as a BCP 47 tag.
        model: registered name of the model that speaks it.
        recordings: file names of its reference and of further recordings, as they were uploaded.
    """

    id: str
    name: str
    language: str
    model: str
    recordings: tuple[str, ...] = ()
