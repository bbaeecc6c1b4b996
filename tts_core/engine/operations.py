"""What an engine's step can be: one of a few operations, on the sequences that take part in it."""

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


@dataclass(frozen=True)
class Park:
    """Put what is in a sequence's slot on a shelf, and give the slot up."""

    sequence: Sequence
    name: ClassVar[str] = "giving up its slot"

    @property
    def sequences(self) -> tuple[Sequence, ...]:
        return (self.sequence,)


@dataclass(frozen=True)
class Restore:
    """Put what was parked into a free slot, to go on as if it had never been away."""

    sequence: Sequence
    name: ClassVar[str] = "coming back to a slot"

    @property
    def sequences(self) -> tuple[Sequence, ...]:
        return (self.sequence,)


Operation: TypeAlias = Prefill | Decode | Park | Restore | Shape | Vocode
