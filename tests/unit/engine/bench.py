"""An engine on a bench: no threads, no event loop, and every step by hand."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

from tests.unit.engine.support import FakeStream
from tests.unit.models.gpt_sovits_engine.support import TEXT, Prompts, request
from tts_core.engine.costs import Costs
from tts_core.engine.engine import Engine
from tts_core.engine.idle_cores import IdleCores, own_cores
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.operations import Operation
from tts_core.engine.policies import LeastHeadroom, Policy
from tts_core.engine.preparer import Prepared
from tts_core.engine.scheduler import Scheduler
from tts_core.engine.second_core import SecondCore
from tts_core.engine.sequence import Listener, Sequence
from tts_core.engine.shapes import Shapes
from tts_core.engine.stream import SpeechStream
from tts_core.engine.threads import Threads
from tts_core.errors import PolyvoxError
from tts_core.models.gpt_sovits.decoding import TokenDecoder
from tts_core.models.gpt_sovits.guards import Verdict
from tts_core.models.gpt_sovits.heard_voices import HeardVoices
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import SpeakingOptions, write_script
from tts_core.models.gpt_sovits.speaking import Utterance
from tts_core.request import SynthesisRequest
from tts_core.sampling_params import SamplingParams
from tts_core.timing.marks import Word

MAX_LEAD_SAMPLES = 60 * 32000
NUM_TOKENS = 12
SHORT = SamplingParams(ignore_eos=True, max_tokens=NUM_TOKENS)
BROKEN = ValueError("broken on purpose")


@dataclass
class Heard:
    """What became of a listener."""

    pcm: bytes = b""
    is_over: bool = False
    error: PolyvoxError | None = None
    codes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    num_known: int = 0


@dataclass
class Ears:
    """An outlet that keeps what it is told."""

    heard: dict[str, Heard] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)

    def on_segment(self, listener: Listener, index: int, num_dropped: int, codes: tuple[int, ...]) -> None:
        self.of(listener).codes[index] = codes

    def on_words(self, listener: Listener, words: tuple[Word, ...]) -> None:
        self.of(listener)

    def on_known(self, listener: Listener, num_samples: int) -> None:
        self.of(listener).num_known += num_samples

    def on_audio(self, listener: Listener, pcm: bytes) -> None:
        self.of(listener).pcm += pcm

    def on_spoken(self, listener: Listener) -> None:
        self.of(listener).is_over = True

    def on_failed(self, listener: Listener, error: PolyvoxError) -> None:
        self.of(listener).error = error

    def on_take(self, listener: Listener, index: int, verdict: Verdict) -> None:
        self.verdicts.append(verdict)

    def of(self, listener: Listener) -> Heard:
        """Return what one listener has heard; to hear more after the end is an error."""
        heard = self.heard.setdefault(listener.request_id, Heard())
        assert not heard.is_over, "something came after the end"
        assert heard.error is None, "something came after an error"
        return heard


class Diary(Costs):
    """Costs that remember which operations ran to their end, and how much audio each made."""

    def __init__(self, num_slots: int) -> None:
        super().__init__(num_slots)
        self.operations: list[Operation] = []
        self.audio_s: list[float] = []

    def observe(self, operation: Operation, took_s: float, audio_s: float = 0.0) -> None:
        super().observe(operation, took_s, audio_s)
        self.operations.append(operation)
        self.audio_s.append(audio_s)


def alone(model: LoadedModel, wanted: SynthesisRequest, window_rows: int) -> bytes:
    """Speak without any engine, in calls of the generator of so many rows."""
    decoder, options = TokenDecoder(model.t2s, 512), SpeakingOptions(num_window_rows=window_rows)
    return b"".join(Utterance(wanted, "en", model, decoder, Prompts(model), options).speak())


class Bench:
    """An engine, what it is made of, and what became of everyone.

    Attributes:
        reading: sequences that it asked to be prepared, until `read`.
    """

    def __init__(
        self,
        model: LoadedModel,
        num_slots: int = 4,
        window_rows: int = 1,
        max_len: int = 512,
        policy: Policy | None = None,
        num_shelves: int = 0,
    ) -> None:
        self.model, self.reading = model, deque[Sequence]()
        self.options = SpeakingOptions(max_len=max_len)
        shapes = Shapes(window_rows=window_rows)
        models = model.t2s, model.sovits.generator
        self.runner = ModelRunner(*models, num_slots, max_len, shapes, math.nan, num_shelves)
        self.scheduler = Scheduler(num_slots, policy or LeastHeadroom(), window_rows, num_shelves)
        self.ears, self.diary = Ears(), Diary(num_slots)
        one_core = SecondCore(Threads(1, 1, IdleCores(own_cores())), frozenset())
        self.engine = Engine(
            model, self.runner, self.scheduler, self.reading.append, self.ears, self.diary, one_core
        )
        self._voices = HeardVoices(Prompts(model), model)

    @property
    def kinds(self) -> list[type[Operation]]:
        """The kinds of what was done so far."""
        return [type(operation) for operation in self.diary.operations]

    def add(self, wanted: SynthesisRequest, max_lead_samples: int = MAX_LEAD_SAMPLES) -> Listener:
        """Let someone in; their first segment waits to be read."""
        listener = Listener(wanted, "en", cast(SpeechStream, FakeStream()), max_lead_samples)
        self.engine.add(listener)
        return listener

    def read(self) -> Sequence:
        """Prepare the sequence that was asked for first."""
        sequence = self.reading.popleft()
        script = sequence.listener.script or write_script(
            sequence.listener.request, "en", self.model, self._voices, self.options
        )
        self.engine.prepared(Prepared(sequence, script, script.read(sequence.index, self.model)))
        return sequence

    def step(self) -> bool:
        """Read whatever was asked for, and step once."""
        while self.reading:
            self.read()
        return self.engine.step()

    def run(self) -> None:
        """Step until there is nothing to do, and check that nothing was lost."""
        while self.step():
            pass
        self.engine.check_idle()

    def heard(self, request_id: str = "r") -> Heard:
        return self.ears.heard[request_id]


def one(request_id: str = "r", **changes: Any) -> SynthesisRequest:
    """Return a short request of one segment."""
    return request(TEXT[0], request_id=request_id, **({"sampling": SHORT} | changes))


def decode_until(bench: Bench, num_running: int) -> None:
    """Read prompts until so many sequences are being decoded."""
    while bench.scheduler.num_running < num_running:
        assert bench.step()
