"""How a request wants its speech tokens to be drawn: frozen and checked, as part of the request."""

from __future__ import annotations

from dataclasses import dataclass

from tts_core.errors import InvalidParameter
from tts_core.ranges import check_range

MIN_TOKENS = 11
"""As the reference has it, too."""
MAX_TOKENS = 1500
"""A minute of speech at 25 tokens a second: the reference's own limit."""
_RANGES: dict[str, tuple[float, float]] = {
    "top_k": (1, 1025),
    "top_p": (0.0, 1.0),
    "temperature": (0.0, 2.0),
    "repetition_penalty": (0.1, 10.0),
    "min_tokens": (1, MAX_TOKENS),
    "max_tokens": (1, MAX_TOKENS),
}
_WHOLE = ("top_k", "min_tokens", "max_tokens")


@dataclass(frozen=True, kw_only=True)
class SamplingParams:
    """Settings of one request, with the reference's defaults.

    Attributes:
        top_k: how many of the likeliest tokens are drawn from.
        top_p: tokens beyond this cumulative probability are left out; 1 keeps all.
        temperature: below 1 the likely become likelier; 0 always takes the likeliest.
        repetition_penalty: above 1 the prompt's and the segment's own tokens become less likely.
        ignore_eos: speak `max_tokens` tokens in every segment; for load tests on weights that never learnt
            where a sentence ends.
        min_tokens: a segment has at least so many tokens (25 a second); the reference's 11 by default.
        max_tokens: a segment has at most so many.
        guard: whether segments that lose their words, repeat themselves or don't end are noticed, and said
            again or cut. Only acts where the three before it are the defaults.

    Raises:
        InvalidParameter: a value is outside its range, or `min_tokens` is above `max_tokens`.
    """

    top_k: int = 15
    top_p: float = 1.0
    temperature: float = 1.0
    repetition_penalty: float = 1.35
    ignore_eos: bool = False
    min_tokens: int = MIN_TOKENS
    max_tokens: int = MAX_TOKENS
    guard: bool = True

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            _check(name, getattr(self, name), low, high)
        if self.min_tokens > self.max_tokens:
            raise InvalidParameter(
                f"min_tokens must be at most max_tokens ({self.max_tokens}), not {self.min_tokens}",
                param="min_tokens",
            )

    @property
    def is_guarded(self) -> bool:
        """Whether the length of segments is theirs to decide, and is watched."""
        return (
            self.guard
            and not self.ignore_eos
            and (self.min_tokens, self.max_tokens) == (MIN_TOKENS, MAX_TOKENS)
        )


def _check(name: str, value: object, low: float, high: float) -> None:
    kinds = (int,) if name in _WHOLE else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise InvalidParameter(f"{name} must be a number, not {value!r}", param=name)
    check_range(name, value, low, high)
