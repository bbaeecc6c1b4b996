"""From what a dialect was sent to a request that an engine can speak."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass, field

from deployments.config import IngressArgs
from tts_core.errors import EmptyInput, InputTooLong, InvalidParameter, UnknownModel
from tts_core.frontend.filters import FilteredText, TextOptions, filter_text
from tts_core.frontend.lexicon import split_marked
from tts_core.request import Segment, SynthesisRequest
from tts_core.sampling_params import SamplingParams

MAX_SEED = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a listener asked for, in whichever dialect, before names are resolved and limits applied."""

    text: str
    voice: str
    model: str | None = None
    language: str | None = None
    speed: float = 1.0
    pitch: float = 1.0
    pause_s: float | None = None
    prompt_text: str | None = None
    prompt_language: str | None = None
    timbres: tuple[str, ...] = ()
    seed: int | None = None
    low_latency: bool = False
    sampling: SamplingParams | None = None
    text_options: TextOptions = field(default_factory=TextOptions)
    lexicon: tuple[tuple[str, str], ...] = ()
    is_timed: bool = False


@dataclass(frozen=True)
class Plan:
    """A request that an engine can speak, and what of its text it doesn't hold.

    Attributes:
        request: frozen and complete.
        num_dropped: see `FilteredText`.
    """

    request: SynthesisRequest
    num_dropped: int


class Planner:
    """Applies aliases, limits and segmentation. One per ingress; holds no request's state."""

    def __init__(self, args: IngressArgs, models: tuple[str, ...]) -> None:
        self._limits = args.limits
        self._models = models
        self._model_aliases = args.model_aliases
        self._voice_aliases = args.voice_aliases

    def plan(self, wish: Wish, request_id: str, emoji_language: str = "") -> Plan:
        """Return the frozen request, and how much was left out of it.

        Args:
            wish: what was asked for.
            request_id: the server's own name for the request.
            emoji_language: which language emoji are named in, where the wish is that they are.

        Raises:
            RequestError: EmptyInput, InputTooLong, UnknownModel or InvalidParameter.
            MissingDependency: naming emoji needs a package that isn't installed.
        """
        filtered = self._filtered(wish, emoji_language)
        request = SynthesisRequest(
            request_id=request_id,
            model=self.resolve_model(wish.model),
            voice=self.resolve_voice(wish.voice),
            segments=self._segments(filtered.text),
            language=wish.language or None,
            seed=_seed(wish.seed),
            speed=wish.speed,
            pitch=wish.pitch,
            pause_s=wish.pause_s,
            prompt_text=wish.prompt_text,
            prompt_language=wish.prompt_language,
            timbres=tuple(map(self.resolve_voice, wish.timbres)),
            low_latency=wish.low_latency,
            sampling=wish.sampling,
            lexicon=self._lexicon(wish),
            inline_phones=filtered.inline_phones,
            is_timed=wish.is_timed,
        )
        return Plan(request, filtered.num_dropped)

    def resolve_voice(self, name: str) -> str:
        """Replace an alias. A variant that the listener asks for takes the place of the alias's own."""
        base, plus, variant = name.partition("+")
        voice = self._voice_aliases.get(base)
        if voice is None:
            return name
        return f"{voice.partition('+')[0]}+{variant}" if plus else voice

    def resolve_model(self, name: str | None) -> str:
        """Return the model that a request means. Raises UnknownModel."""
        if name is None:
            return self._models[0]
        model = self._model_aliases.get(name, name)
        if model not in self._models:
            raise UnknownModel(f"no model {name!r}; there are {', '.join(self._models)}", param="model")
        return model

    def _filtered(self, wish: Wish, emoji_language: str) -> FilteredText:
        limits = self._limits
        if len(wish.text) > limits.max_input_chars:
            raise InputTooLong(
                f"the input has {len(wish.text)} characters; {limits.max_input_chars} are allowed",
                param="input",
            )
        return filter_text(wish.text, wish.text_options, emoji_language, limits.max_lexicon_words)

    def _lexicon(self, wish: Wish) -> tuple[tuple[str, str], ...]:
        if len(wish.lexicon) > self._limits.max_lexicon_words:
            raise InvalidParameter(
                f"the lexicon has {len(wish.lexicon)} words; {self._limits.max_lexicon_words} are allowed",
                param="lexicon",
            )
        return wish.lexicon

    def _segments(self, text: str) -> tuple[Segment, ...]:
        if not any(_is_speakable(char) for char in text):
            raise EmptyInput("the input has nothing in it that can be spoken", param="input")
        pieces = split_marked(text, self._limits.max_segment_chars)
        return tuple(Segment(index, piece) for index, piece in enumerate(pieces))


def _is_speakable(char: str) -> bool:
    """Letters, digits, marks and symbols are; punctuation, spaces and control characters aren't."""
    return unicodedata.category(char)[0] in "LNMS"


def _seed(seed: int | None) -> int:
    if seed is None or seed == -1:
        return secrets.randbelow(2**32)
    if not 0 <= seed <= MAX_SEED:
        raise InvalidParameter(f"seed must be -1 or between 0 and {MAX_SEED}, got {seed}", param="seed")
    return seed
