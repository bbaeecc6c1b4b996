"""How long operations take here, learnt from those that ran, and what follows for listeners."""

from __future__ import annotations

from tts_core.engine.operations import Decode, Operation, Park, Prefill, Restore, Shape, Vocode
from tts_core.stats import StageStats, StageTally

TOKENS_PER_S = 25.0
_WEIGHT = 0.1
_KEPT = 0.99
_SEGMENT_S = 4.0
"""A usual sentence, for spreading what is done once for each."""
STAGES: dict[type[Operation], str] = {
    Prefill: "prefill",
    Decode: "decode",
    Park: "park",
    Restore: "restore",
    Shape: "latents",
    Vocode: "vocode",
}
"""What the figures call each kind of operation."""


class Mean:
    """A moving average that starts with the first value."""

    def __init__(self) -> None:
        self.value = 0.0
        self.is_known = False

    def add(self, value: float) -> None:
        """Take a value into account."""
        self.value += (value - self.value) * (_WEIGHT if self.is_known else 1.0)
        self.is_known = True


class Costs:
    """Seconds of computing: for a prompt, for a decode step by its rows, and for a second of audio.

    One thread observes; others may ask at any time, and get figures that are a moment old.

    Args:
        num_slots: the most sequences in a decode step.
        side_by_side: whether audio is made while others decode.
    """

    def __init__(self, num_slots: int, side_by_side: bool = False) -> None:
        self._side_by_side, self._num_slots = side_by_side, num_slots
        self._prefill = Mean()
        self._decode = [Mean() for _ in range(num_slots + 1)]
        self._voicing_s = 0.0
        self._voiced_s = 0.0
        self._tallies = {stage: StageTally() for stage in STAGES.values()}

    @property
    def prefill_s(self) -> float:
        """What reading a prompt takes."""
        return self._prefill.value

    @property
    def voice_s(self) -> float:
        """What making a second of audio of its tokens takes."""
        return self._voicing_s / self._voiced_s if self._voiced_s else 0.0

    def observe(self, operation: Operation, took_s: float, audio_s: float = 0.0) -> None:
        """Take an operation that ran into account.

        Args:
            took_s: how long it ran.
            audio_s: how much audio it made.
        """
        self._tallies[STAGES[type(operation)]].add(took_s, len(operation.sequences))
        if isinstance(operation, Prefill):
            self._prefill.add(took_s)
        elif isinstance(operation, Decode):
            self._decode[len(operation.sequences)].add(took_s)
        elif isinstance(operation, Shape | Vocode):
            # Latents come before the audio that they are for: only sums make sense.
            self._voicing_s = self._voicing_s * _KEPT + took_s
            self._voiced_s = self._voiced_s * _KEPT + audio_s

    def stages(self) -> dict[str, StageStats]:
        """Return what was observed, by stage."""
        return {stage: tally.stats() for stage, tally in self._tallies.items()}

    def decode_s(self, num_rows: int) -> float:
        """Return what a decode step over so many sequences takes, from the nearest numbers that ran."""
        known = [rows for rows, mean in enumerate(self._decode) if mean.is_known]
        if not known:
            return 0.0
        below = max((rows for rows in known if rows <= num_rows), default=known[0])
        above = min((rows for rows in known if rows >= num_rows), default=known[-1])
        low, high = self._decode[below].value, self._decode[above].value
        return low if below == above else low + (high - low) * (num_rows - below) / (above - below)

    def pace(self, num_listeners: int) -> float:
        """Return the seconds of audio per second that each of so many listeners gets; 1 is real time.

        For each second of everyone's audio there are 25 decode steps in common, as often as it takes for all
        to have had a slot, and for each listener the vocoder's work and a share of a prompt.
        """
        voice_s = num_listeners * self.voice_s
        turns = max(1.0, num_listeners / self._num_slots)
        token_s = TOKENS_PER_S * turns * self.decode_s(min(num_listeners, self._num_slots))
        token_s += num_listeners * self.prefill_s / _SEGMENT_S
        busy_s = max(voice_s, token_s) if self._side_by_side else voice_s + token_s
        return 1.0 / busy_s if busy_s else float("inf")
