"""Words whose tones no rule gives: see lexicon.json."""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import json


@dataclasses.dataclass(frozen=True)
class Lexicon:
    """Sets of words.

    Attributes:
        neutral: their last character has the neutral tone (东西, 朋友), at the end of a longer word too.
        never_neutral: look as if a rule made them neutral, but keep their tones (男子, 想想).
        own_er: their 儿 is a syllable of its own (女儿).
        always_erhua: their 儿 never is (胡同儿).
    """

    neutral: frozenset[str]
    never_neutral: frozenset[str]
    own_er: frozenset[str]
    always_erhua: frozenset[str]

    def is_neutral(self, word: str) -> bool:
        """Tell whether the word, or its last two characters, end in a neutral tone."""
        return word in self.neutral or word[-2:] in self.neutral


@functools.cache
def load_lexicon() -> Lexicon:
    """Read the word lists that come with the package."""
    source = importlib.resources.files(__package__).joinpath("lexicon.json")
    lists: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    names = [field.name for field in dataclasses.fields(Lexicon)]
    return Lexicon(**{name: frozenset(lists[name].split()) for name in names})
