"""Open JTalk behind whichever package provides `pyopenjtalk`, never downloading anything.

pyopenjtalk-plus brings its dictionary along. The original fetches one at its first use, which a server must
not: here it has to be in place before (the environment variable OPEN_JTALK_DICT_DIR says where).
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tts_core.errors import MissingDependency
from tts_core.frontend.japanese.words import UserWord, dictionary_csv

with contextlib.redirect_stdout(io.StringIO()):  # it prints which of its extras are missing
    import pyopenjtalk
    from pyopenjtalk.openjtalk import OpenJTalk as _Analyser

# pyopenjtalk-plus can also ask other tools about a reading. They take 90 MB, and read 何時 as なにじ.
_PLAIN: dict[str, Any] = {"use_sudachi_kanji_yomi": False, "predict_nani": False}

_VOICELESS = "’"


class OpenJTalk:
    """One analyser with its dictionaries; safe in any thread, one sentence at a time.

    Raises:
        MissingDependency: there is no dictionary.
    """

    def __init__(self, words: Sequence[UserWord] = ()) -> None:
        self._lock = threading.Lock()
        self._is_plus = _PLAIN.keys() <= inspect.signature(pyopenjtalk.run_frontend).parameters.keys()
        self._open_jtalk: Any = _load(_dictionary(), words, protect=self._is_plus)

    def labels(self, text: str) -> tuple[list[str], int]:
        """Return the full-context labels of `text`, and the number of letters that have no reading."""
        with self._lock:
            features = self._features(text)
            is_spoken = any(word["mora_size"] for word in features)
            labels = self._open_jtalk.make_label(features) if is_spoken else []
        return labels, sum(_num_letters(word["string"]) for word in features if not word["mora_size"])

    def reading(self, text: str) -> str:
        """Return how `text` is spoken, in katakana; "、" stands for what has no reading."""
        with self._lock:
            features = self._features(text)
        return "".join(word["pron"] for word in features).replace(_VOICELESS, "")

    def words(self, text: str) -> list[tuple[str, int]]:
        """Return the dictionary's words of `text`, as it writes them, and how many morae each has."""
        with self._lock:
            features = self._features(text)
        return [(word["string"], word["mora_size"]) for word in features]

    def _features(self, text: str) -> list[Any]:
        if self._is_plus:
            return list(pyopenjtalk.run_frontend(text, jtalk=self._open_jtalk, **_PLAIN))
        return list(self._open_jtalk.run_frontend(text))


def _num_letters(string: str) -> int:
    return sum(char.isalnum() for char in string)


def _dictionary() -> bytes:
    directory = pyopenjtalk.OPEN_JTALK_DICT_DIR
    if not os.path.isdir(directory):
        raise MissingDependency(
            f"Open JTalk's dictionary is not in {os.fsdecode(directory)}: install pyopenjtalk-plus, which"
            " brings one, or set OPEN_JTALK_DICT_DIR to the folder of one"
        )
    return directory


def _load(dictionary: bytes, words: Sequence[UserWord], *, protect: bool) -> Any:
    if not words:
        return _Analyser(dn_mecab=dictionary)
    options: dict[str, Any] = {"userdic_reading_protection": [True]} if protect else {}
    with tempfile.TemporaryDirectory() as folder:  # mapped into memory, so the files may go
        source, compiled = Path(folder, "words.csv"), Path(folder, "words.dic")
        source.write_text(dictionary_csv(words), encoding="utf-8")
        pyopenjtalk.mecab_dict_index(str(source), str(compiled), dn_mecab=os.fsdecode(dictionary))
        return _Analyser(dn_mecab=dictionary, userdic=os.fsencode(compiled), **options)
