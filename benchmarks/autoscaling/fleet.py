"""Replicas and their listeners: a fluid model of one deployment, moved on in small steps."""

from __future__ import annotations

import enum
import math
from typing import NamedTuple

from benchmarks.autoscaling.traces import Arrival

FIRST_CHUNK_S = 0.1
SETTLED_S = 5.0
RETRY_AFTER_S = 1.0
PATIENCE_S = 30.0


class Machine(NamedTuple):
    """What one replica can do.

    With n listeners, a second of everyone's audio takes `fixed_s + n * each_s` of computing. The defaults lie
    on what benchmarks/RESULTS.md has for one replica of two cores, `num_slots: 8`, low latency: 1.33
    audio-seconds per second alone, 4.54 at 8.
    """

    slots: int = 8
    fixed_s: float = 0.608
    each_s: float = 0.144
    startup_s: float = 20.0

    def pace(self, num_open: int) -> float:
        """Return the seconds of audio per second that each of so many listeners gets."""
        return 1.0 / (self.fixed_s + num_open * self.each_s)

    @property
    def sustainable(self) -> float:
        """How many listeners it keeps supplied in real time."""
        return (1.0 - self.fixed_s) / self.each_s


class Stream:
    """A listener: waits, is spoken to, plays while listening."""

    def __init__(self, arrival: Arrival) -> None:
        self.at_s, self.length_s = arrival
        self.next_try_s = 0.0
        self.made_s = self.played_s = self.underrun_s = 0.0
        self.waited_s = 0.0
        self.playing_since_s: float | None = None

    @property
    def is_made(self) -> bool:
        return self.made_s >= self.length_s

    def headroom_s(self, now_s: float) -> float:
        """Return audio received minus playback clock, as replicas reckon: the clock doesn't stop."""
        if self.playing_since_s is None or now_s - self.playing_since_s < SETTLED_S:
            return math.inf
        return self.made_s - (now_s - self.playing_since_s)

    def move(self, now_s: float, step_s: float, pace: float) -> None:
        """Receive and play for one step. Once all is made nothing more can run dry."""
        self.made_s = min(self.length_s, self.made_s + pace * step_s)
        if self.playing_since_s is None:
            if self.made_s >= min(FIRST_CHUNK_S, self.length_s):
                self.playing_since_s = now_s
            return
        playable_s = self.made_s - self.played_s
        played_s = min(step_s, playable_s)
        self.played_s += played_s
        if not self.is_made:
            self.underrun_s += step_s - played_s


class Phase(enum.Enum):
    STARTING = enum.auto()
    RUNNING = enum.auto()
    DRAINING = enum.auto()


class Replica:
    """One replica. `number` tells its age: higher is newer."""

    def __init__(self, number: int, ready_at_s: float) -> None:
        self.number, self.ready_at_s = number, ready_at_s
        self.phase = Phase.STARTING
        self.streams: list[Stream] = []
        self.num_refused = 0

    def move(self, now_s: float, step_s: float, machine: Machine) -> None:
        if self.phase is Phase.STARTING and now_s >= self.ready_at_s:
            self.phase = Phase.RUNNING
        pace = machine.pace(len(self.streams))
        for stream in self.streams:
            stream.move(now_s, step_s, pace)
        self.streams = [stream for stream in self.streams if not stream.is_made]


class Fleet:
    """All replicas of a deployment, and the requests that found none.

    Replicas are stopped as Serve stops them: those that aren't ready first, then the newest; each ends its
    streams before it goes, and costs until then.
    """

    def __init__(self, machine: Machine, num_replicas: int) -> None:
        self.machine = machine
        self.replicas = [Replica(number, 0.0) for number in range(num_replicas)]
        self._num_made = num_replicas
        self.waiting: list[Stream] = []
        self.num_given_up = 0
        self.cost_s = 0.0

    @property
    def running(self) -> list[Replica]:
        return [replica for replica in self.replicas if replica.phase is Phase.RUNNING]

    @property
    def num_queued(self) -> int:
        """Requests that wait inside: they do so only while there is no replica to refuse them."""
        return 0 if self.running else len(self.waiting)

    @property
    def is_busy(self) -> bool:
        return bool(self.waiting) or any(replica.streams for replica in self.replicas)

    def scale(self, target: int, now_s: float) -> None:
        """Start or stop replicas so that there are `target`, draining ones not counted."""
        kept = [replica for replica in self.replicas if replica.phase is not Phase.DRAINING]
        for _ in range(target - len(kept)):
            self.replicas.append(Replica(self._num_made, now_s + self.machine.startup_s))
            self._num_made += 1
        kept.sort(key=lambda replica: (replica.phase is Phase.STARTING, replica.number))
        for replica in kept[target:]:
            replica.phase = Phase.DRAINING

    def move(self, now_s: float, step_s: float) -> None:
        """Let a step pass."""
        for replica in self.replicas:
            replica.move(now_s, step_s, self.machine)
        self.replicas = [
            replica for replica in self.replicas if replica.phase is not Phase.DRAINING or replica.streams
        ]
        self.cost_s += step_s * len(self.replicas)
        self._admit(now_s)

    def arrive(self, stream: Stream, now_s: float) -> None:
        """Let a request come; it waits from now on, not from within the step before."""
        stream.at_s = now_s
        self.waiting.append(stream)

    def _admit(self, now_s: float) -> None:
        still_waiting = []
        for stream in self.waiting:
            if now_s - stream.at_s > PATIENCE_S:
                self.num_given_up += 1
                stream.waited_s = PATIENCE_S
            elif not self._is_taken(stream, now_s):
                still_waiting.append(stream)
        self.waiting = still_waiting

    def _is_taken(self, stream: Stream, now_s: float) -> bool:
        """Try the least loaded replica; a full one refuses, and the client comes back a second later."""
        replica = min(self.running, key=lambda replica: len(replica.streams), default=None)
        if replica is None or now_s < stream.next_try_s:
            return False
        if len(replica.streams) < self.machine.slots:
            replica.streams.append(stream)
            stream.waited_s = now_s - stream.at_s
            return True
        replica.num_refused += 1
        stream.next_try_s = now_s + RETRY_AFTER_S
        return False
