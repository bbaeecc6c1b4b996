"""When what happened to one request: plain figures, for those who watch over the service."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class StageTime:
    """A request's part in one kind of step.

    Attributes:
        first_s: when its first step began, by the monotonic clock, and `last_s` when its last one ended.
        num_steps: steps that it took part in.
        num_rows: rows of these steps, other requests' included.
        busy_s: seconds that these steps took.
    """

    first_s: float
    last_s: float
    num_steps: int = 0
    num_rows: int = 0
    busy_s: float = 0.0


@dataclass
class Timeline:
    """A request's way through an engine, by the monotonic clock. None is what didn't happen, or not yet.

    Whoever does a thing writes it down, in whichever thread; others get figures that may be a moment old.

    Attributes:
        opened_s: when it was admitted.
        read_s: when its first segment had been read, where that is work of its own.
        begun_s: when the engine began to compute: what came before was waiting.
        heard_s: when its first audio was there.
        stages: its part in each kind of step, where the engine works in steps.
    """

    opened_s: float = field(default_factory=time.monotonic)
    read_s: float | None = None
    begun_s: float | None = None
    heard_s: float | None = None
    stages: dict[str, StageTime] = field(default_factory=dict)

    def took_part(self, stage: str, ended_s: float, took_s: float, num_rows: int) -> None:
        """Note a step of so many rows."""
        began_s = ended_s - took_s
        if self.begun_s is None:
            self.begun_s = began_s
        time_of = self.stages.setdefault(stage, StageTime(began_s, ended_s))
        time_of.last_s = ended_s
        time_of.num_steps += 1
        time_of.num_rows += num_rows
        time_of.busy_s += took_s
