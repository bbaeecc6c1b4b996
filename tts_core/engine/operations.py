"""What an engine's step can be: one of four operations, on the sequences that take part in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from tts_core.engine.sequence import Sequence


@dataclass(frozen=True)
class Prefill:
    """Read a segment and its voice into a free slot, and draw the first token."""

    sequence: Sequence
    name: ClassVar[str] = "reading the prompt"

    @property
    def sequences(self) -> tuple[Sequence, ...]:
        return (self.sequence,)


@dataclass(frozen=True)
class Decode:
    """Draw one token for each."""

    sequences: tuple[Sequence, ...]
    name: ClassVar[str] = "decoding tokens"


@dataclass(frozen=True)
class Shape:
    """Compute the latents of the tokens that are there."""

    sequence: Sequence
    name: ClassVar[str] = "computing latents"

    @property
    def sequences(self) -> tuple[Sequence, ...]:
        return (self.sequence,)


@dataclass(frozen=True)
class Vocode:
    """Generate one window of audio for each; all windows have the same size."""

    sequences: tuple[Sequence, ...]
    name: ClassVar[str] = "generating audio"


Operation: TypeAlias = Prefill | Decode | Shape | Vocode
