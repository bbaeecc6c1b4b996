"""Phones of words that no dictionary has, by the sequence-to-sequence weights that come with g2p_en.

One GRU reads the letters, another writes phones, both of 256 units. Gates in PyTorch's order:
r, z = sigmoid(W x + b + U h + c) for their two thirds, n = tanh(W x + b + r (U h + c)), h' = (1 - z) n + z h.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tts_core.frontend.english.data import package_file
from tts_core.frontend.symbols.parts import ARPA_CONSONANTS, ARPA_VOWELS

Array = npt.NDArray[np.float32]

_UNKNOWN, _END_OF_WORD = 1, 2  # the letters are <pad>, <unk>, </s>, a, ..., z
_FIRST_LETTER = 3
_START, _STOP = 2, 3  # the phones are <pad>, <unk>, <s>, </s>, AA0, ...
_MAX_LETTERS = 24
_MAX_PHONES_PER_LETTER = 2
_FIRST_PHONES = 20
# Without a stress it is a slip in the training data; the symbol table has none.
_BARE = "UW"


def _phone_names() -> list[str]:
    vowels = {vowel + stress for vowel in ARPA_VOWELS.split() for stress in "012"}
    return ["", "", "", "", *sorted(vowels.union(ARPA_CONSONANTS.split(), ["UW"]))]


class LetterToSound:
    """The two networks. Loading takes 20 ms and 3 MB; a word takes about 2 ms."""

    def __init__(self) -> None:
        with np.load(package_file("g2p_en", "checkpoint20.npz"), allow_pickle=False) as weights:
            self._weights: dict[str, Array] = {name: weights[name] for name in weights.files}
        self._phones = _phone_names()

    def phones(self, word: str) -> list[str]:
        """Return the phones of a word of the letters a to z; overlong words are read in parts."""
        parts = (word[index : index + _MAX_LETTERS] for index in range(0, len(word), _MAX_LETTERS))
        phones = (
            phone
            for part in parts
            for phone in self._write(self._read(part), 2 + _MAX_PHONES_PER_LETTER * len(part))
        )
        return ["UW1" if phone == _BARE else phone for phone in phones]

    def first_phones(self, word: str) -> list[str]:
        """Return what g2p_en itself does: at most 20 phones, hyphens and apostrophes as unknown letters."""
        return [phone for phone in self._write(self._read(word), _FIRST_PHONES) if phone != _BARE]

    def _read(self, letters: str) -> Array:
        hidden = np.zeros(256, np.float32)
        codes = [
            ord(letter) - ord("a") + _FIRST_LETTER if letter.isalpha() else _UNKNOWN for letter in letters
        ]
        for code in (*codes, _END_OF_WORD):
            hidden = self._cell("enc", self._weights["enc_emb"][code], hidden)
        return hidden

    def _write(self, hidden: Array, max_phones: int) -> Iterator[str]:
        phone = _START
        for _ in range(max_phones):
            hidden = self._cell("dec", self._weights["dec_emb"][phone], hidden)
            phone = int(np.argmax(self._weights["fc_w"] @ hidden + self._weights["fc_b"]))
            if phone == _STOP:
                return
            if self._phones[phone]:
                yield self._phones[phone]

    def _cell(self, name: str, inputs: Array, hidden: Array) -> Array:
        weights = self._weights
        seen = weights[f"{name}_w_ih"] @ inputs + weights[f"{name}_b_ih"]
        kept = weights[f"{name}_w_hh"] @ hidden + weights[f"{name}_b_hh"]
        gates: Any = 1 / (1 + np.exp(-(seen[:512] + kept[:512])))
        reset, update = gates[:256], gates[256:]
        fresh = np.tanh(seen[512:] + reset * kept[512:])
        mixed: Array = (1 - update) * fresh + update * hidden
        return mixed
