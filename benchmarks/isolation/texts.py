"""What the listeners ask for: from one word to several sentences, in the languages of their voices."""

from __future__ import annotations

import re
from random import Random

from benchmarks.load.corpus import DEFAULT_SENTENCES

# Figures can be read in every language, so a voice of any other is not left out.
FIGURES = "figures"
_WORDS = {
    "en": "Yes.",
    "zh": "好。",
    "ja": "はい。",
    "ko": "네.",
    "de": "Ja.",
    "fr": "Oui.",
    "es": "Sí.",
    FIGURES: "7.",
}
# In kana alone: espeak-ng doesn't read Han characters in Japanese.
_KANA = (
    "おゆが わきました。",
    "まどべに あかりを おいて ください。",
    "しおが かわる まえに、ふねは みなとを みつける でしょう。",
    "はとが にわ、ひろばを あるいて います。",
)
_FIGURES = ("12, 7, 1984.", "3 + 5 = 8.", "250, 31, 60, 9.", "4 8 15 16 23 42.")
_JOINED_WITHOUT_SPACE = ("zh", "ja")
_END_OF_SENTENCE = re.compile(r"(?<=[.。])\s*")
_ALIASES = {"cmn": "zh"}


def text_language(tag: str) -> str:
    """Return the language of this module's texts for a voice's BCP 47 tag, `FIGURES` where there is none.

    A tag with a script (`cmn-Latn-pinyin`) asks for other letters than the language's usual ones.
    """
    primary, *rest = tag.split("-")
    language = _ALIASES.get(primary.lower(), primary.lower())
    has_script = any(len(part) == 4 and part.isalpha() for part in rest)
    return FIGURES if has_script or language not in _WORDS else language


def draw_text(rng: Random, language: str, max_sentences: int) -> str:
    """Return a text of one word, or of 1 to `max_sentences` sentences; a number makes equal ones rare."""
    number = rng.randrange(2, 1000)
    num_sentences = rng.randint(0, max_sentences)
    if num_sentences == 0:
        return _WORDS[language] if rng.random() < 0.5 else f"{number}"
    drawn = [rng.choice(_sentences(language)) for _ in range(num_sentences)]
    space = "" if language in _JOINED_WITHOUT_SPACE else " "
    return space.join([f"{number}.", *drawn])


def _sentences(language: str) -> tuple[str, ...]:
    if language == FIGURES:
        return _FIGURES
    if language == "ja":
        return _KANA
    texts = [sentence.text for sentence in DEFAULT_SENTENCES if sentence.lang == language]
    return tuple(piece for text in texts for piece in _END_OF_SENTENCE.split(text) if piece)
