"""One measured stage in one size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.engine.clock import Timing
from benchmarks.engine.work import Work

TOKENS_PER_S = 25.0
FRAMES_PER_S = 50.0


@dataclass(frozen=True)
class Measured:
    """A stage in one size.

    Attributes:
        stage: its name.
        sizes: what it was measured with: rows, positions, tokens or frames.
        timing: of one call.
        work: what a call does at least; None where products aren't what takes time.
        audio_s: seconds of everybody's audio that a call brings nearer; 0 where it's done once.
        tokens: semantic tokens that a call draws.
    """

    stage: str
    sizes: dict[str, int]
    timing: Timing
    work: Work | None = None
    audio_s: float = 0.0
    tokens: int = 0

    @property
    def seconds(self) -> float:
        return self.timing.median_s


def find(every: Iterable[Measured], stage: str, **sizes: int) -> Measured:
    """Return a stage in a size.

    Raises:
        KeyError: it was not measured.
    """
    for one in every:
        if one.stage == stage and one.sizes == sizes:
            return one
    raise KeyError(f"{stage} of {sizes} was not measured")
