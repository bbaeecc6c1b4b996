"""A clause's readings: which characters the network is asked about, what it sees, and what it answers."""

from __future__ import annotations

import functools

import numpy as np
import opencc
from numpy.typing import NDArray

from tts_core.frontend.g2pw.files import ModelFiles, damaged
from tts_core.frontend.g2pw.session import Session
from tts_core.frontend.g2pw.tables import read_tables

# The network learned Taiwan's readings. Where it errs most, or those of the mainland differ most, the texts
# that checkpoints were trained on have the dictionary's. In traditional characters, as the network sees them.
_NOT_ASKED = frozenset("一不和咋嗲剖差攢倒難奔勁拗肖瘙誒泊听噢")
_NOT_ITS_ONLY = frozenset("似攢")
# One reading, whatever the network says.
_FIXED = {"唉": "ai4", "唑": "zuo4", "牦": "mao2"}
# These stand for words that the lexicon reads, each with a tone that must stay.
_STAND_INS = frozenset("麤龘皛靐齾")
_CONTEXT_CHARS = 16
_CACHED_CLAUSES = 1 << 12

Answers = tuple[tuple[int, str], ...]


class Reader:
    """Reads clauses with one model. What it answers is a function of the clause: nothing else is in its run.

    Args:
        files: the model.

    Raises:
        InvalidCheckpoint: a file isn't what it should be, or they don't fit each other.
    """

    def __init__(self, files: ModelFiles) -> None:
        self._tables = read_tables(files)
        self._session = Session(files.network)
        self._traditional = opencc.OpenCC("s2tw")
        self._answers = functools.lru_cache(_CACHED_CLAUSES)(self._answer)
        self._try_out(files)

    def read(self, clause: str, pinyin: list[str]) -> list[str]:
        """Return `pinyin` with the model's readings in the place of the dictionary's, where it has any.

        Args:
            clause: simplified characters and marks, 500 at most.
            pinyin: a syllable for each of them.
        """
        readings = list(pinyin)
        for index, syllable in self._answers(clause):
            readings[index] = syllable
        return readings

    def _answer(self, clause: str) -> Answers:
        seen = self._as_seen(clause)
        kept = {index for index, char in enumerate(clause) if char in _STAND_INS or char in _FIXED}
        asked = [index for index, char in enumerate(seen) if self._is_asked(char)]
        answers = dict(zip(asked, self._ask(seen, asked), strict=True))
        for index, char in enumerate(seen):
            if index not in answers and char not in _NOT_ITS_ONLY:
                answers[index] = self._tables.only.get(char)
        fixed = {index: _FIXED[char] for index, char in enumerate(clause) if char in _FIXED}
        chosen = {index: syllable for index, syllable in answers.items() if syllable and index not in kept}
        return tuple(sorted((chosen | fixed).items()))

    def _as_seen(self, clause: str) -> str:
        """Return the clause in Taiwan's characters, one for each of its own."""
        converted: str = self._traditional.convert(clause)
        if len(converted) == len(clause):
            return converted
        return "".join(self._traditional.convert(char)[:1] or char for char in clause)

    def _is_asked(self, char: str) -> bool:
        return char in self._tables.char_ids and char not in _NOT_ASKED

    def _ask(self, seen: str, asked: list[int]) -> list[str | None]:
        """Return the readings of some characters, in one run on a window around all of them."""
        if not asked:
            return []
        start = max(0, asked[0] - _CONTEXT_CHARS)
        window = seen[start : asked[-1] + _CONTEXT_CHARS + 1]
        labels = self._labels(window, [index - start for index in asked])
        return [self._tables.syllables[label] for label in labels]

    def _labels(self, window: str, indices: list[int]) -> list[int]:
        """Return the likeliest of each character's own labels; of equals the first."""
        tables, chars = self._tables, [window[index] for index in indices]
        unknown = tables.tokens["[UNK]"]
        middle = [tables.tokens.get(char, unknown) for char in window]
        scores = self._session.scores(
            [tables.tokens["[CLS]"], *middle, tables.tokens["[SEP]"]],
            [index + 1 for index in indices],
            [tables.char_ids[char] for char in chars],
            np.stack([self._mask(char) for char in chars]),
        )
        own = [list(tables.char_labels[char]) for char in chars]
        return [labels[int(row[labels].argmax())] for labels, row in zip(own, scores, strict=True)]

    def _mask(self, char: str) -> NDArray[np.float32]:
        mask = np.zeros(self._tables.num_labels, np.float32)
        mask[list(self._tables.char_labels[char])] = 1
        return mask

    def _try_out(self, files: ModelFiles) -> None:
        """Ask about the first and the last character, which fails where network and tables don't fit."""
        chars = list(self._tables.char_ids)
        try:
            self._labels(chars[0] + chars[-1], [0, 1])
        except Exception as error:  # the runtime's errors have no root of their own
            expected = f"a network of {len(chars)} characters and {self._tables.num_labels} labels"
            raise damaged(files.network, f"{expected}, as its tables have", error) from error
