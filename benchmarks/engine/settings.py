"""What a run is told. Frozen and checked on creation."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from tts_core.engine.assembly import PolicyName
from tts_core.models.gpt_sovits.decoding import check_fits
from tts_core.models.gpt_sovits.script import SpeakingOptions
from tts_core.sampling_params import SamplingParams

Part = Literal["stages", "load", "determinism", "stalled", "alone"]
PARTS: tuple[Part, ...] = get_args(Part)
POLICIES: tuple[PolicyName, ...] = get_args(PolicyName)
DTYPES = ("float32", "bfloat16", "float16")


class SettingsError(ValueError):
    """The run as described can't be made; the message says what to change."""


@dataclass(frozen=True)
class VoiceSizes:
    """How much a voice's recording holds. The defaults are of one of 5 seconds with a sentence of text.

    Attributes:
        prompt_tokens: semantic tokens, 25 a second.
        phones: of its text.
        spectrogram_frames: 50 a second.
    """

    prompt_tokens: int = 125
    phones: int = 60
    spectrogram_frames: int = 250


@dataclass(frozen=True)
class StageSizes:
    """In which sizes each stage is measured. The sentence's own sizes are always among them.

    Attributes:
        prompts: phones and prompt tokens together, half of each.
        rows: sequences in a decode step.
        kv_lens: positions that a decode step looks at.
        latents: tokens of a segment.
        seconds: how long each is measured.
        stream_bytes, matrix_dim: see `Probe`.
    """

    prompts: tuple[int, ...] = (128, 256, 512)
    rows: tuple[int, ...] = (1, 2, 4, 8, 16)
    kv_lens: tuple[int, ...] = (256, 512, 1024)
    latents: tuple[int, ...] = (25, 50, 100, 200)
    seconds: float = 0.5
    stream_bytes: int = 1 << 30
    matrix_dim: int = 2048

    def __post_init__(self) -> None:
        for name in ("prompts", "rows", "kv_lens", "latents"):
            if not getattr(self, name) or min(getattr(self, name)) < 1:
                raise SettingsError(f"{name} must be one or more sizes of 1 or more")
        if min(self.prompts) < 2:
            raise SettingsError("a prompt has a phone and a token at least")


@dataclass(frozen=True)
class LoadSizes:
    """Who listens.

    Attributes:
        listeners: how many at once, one load after the other.
        rounds: how often each load is repeated; one more comes first and doesn't count.
        policies: compared round by round.
        rate: arrivals per second of the low load, in which the largest number of listeners come one by one.
        low_latency: what requests ask for.
    """

    listeners: tuple[int, ...] = (1, 2, 4, 8)
    rounds: int = 3
    policies: tuple[PolicyName, ...] = POLICIES
    rate: float = 0.25
    low_latency: bool = False

    def __post_init__(self) -> None:
        if not self.listeners or min(self.listeners) < 1 or self.rounds < 1 or self.rate <= 0:
            raise SettingsError("listeners, rounds and rate must be positive")
        strange = [policy for policy in self.policies if policy not in POLICIES]
        if strange or not self.policies:
            raise SettingsError(f"policies are {', '.join(POLICIES)}; found {', '.join(strange) or 'none'}")


@dataclass(frozen=True)
class PairSizes:
    """Comparisons of two engines: `rounds` of each in turn, `listeners` at once."""

    listeners: tuple[int, ...] = (1, 4)
    rounds: int = 5

    def __post_init__(self) -> None:
        if not self.listeners or min(self.listeners) < 1 or self.rounds < 1:
            raise SettingsError("the comparison needs listeners and rounds")


@dataclass(frozen=True)
class Settings:
    """One whole run."""

    weights: Path
    version: str = "v2"
    dtype: str = "bfloat16"
    device: str = "cpu"
    threads: int = 1
    tokens: int = 100
    parts: tuple[Part, ...] = PARTS
    voice: VoiceSizes = field(default_factory=VoiceSizes)
    stages: StageSizes = field(default_factory=StageSizes)
    load: LoadSizes = field(default_factory=LoadSizes)
    pairs: PairSizes = field(default_factory=PairSizes)

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise SettingsError(f"the precision must be one of {', '.join(DTYPES)}, not {self.dtype!r}")
        strange = [part for part in self.parts if part not in PARTS]
        if strange or not self.parts:
            raise SettingsError(f"parts are {', '.join(PARTS)}; found {', '.join(strange) or 'none'}")
        if self.threads < 1:
            raise SettingsError("at least one thread is needed")
        check_fits(self.voice.prompt_tokens + self.voice.phones, self.sampling, SpeakingOptions().max_len)

    @property
    def sampling(self) -> SamplingParams:
        """Return settings that give every segment the same number of tokens."""
        return SamplingParams(ignore_eos=True, min_tokens=1, max_tokens=self.tokens)

    def describe(self) -> dict[str, Any]:
        """Return the settings as plain values; of the weights' place only the folder's name."""
        return {**asdict(self), "weights": self.weights.name}
