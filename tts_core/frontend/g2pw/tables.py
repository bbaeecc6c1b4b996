"""What the network's numbers stand for: characters, their readings, and the tokens of its BERT."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_core.frontend.chinese.syllables import syllable_phones
from tts_core.frontend.g2pw.files import ModelFiles, damaged
from tts_core.frontend.symbols import UNK

Pairs = list[tuple[str, str]]

_SPECIAL_TOKENS = ("[CLS]", "[SEP]", "[UNK]")


@dataclass(frozen=True)
class Tables:
    """A model's tables.

    Attributes:
        char_ids: the number of each character with several readings, in the order of their code points.
        char_labels: the labels of each of them, ascending.
        syllables: pinyin with tone of each label, such as "lve4"; None for a reading that isn't Mandarin's.
        only: pinyin of each character with one reading.
        tokens: ids of the BERT's tokens.
    """

    char_ids: Mapping[str, int]
    char_labels: Mapping[str, tuple[int, ...]]
    syllables: tuple[str | None, ...]
    only: Mapping[str, str]
    tokens: Mapping[str, int]

    @property
    def num_labels(self) -> int:
        return len(self.syllables)


def read_tables(files: ModelFiles) -> Tables:
    """Parse a model's tables. Labels are numbered in the order of their code points, as in training.

    Raises:
        InvalidCheckpoint: a file isn't what it should be; the message names it.
    """
    pinyin = _read_object(files.pinyin)
    own_labels = _has_own_labels(files.config)
    labelled = [
        (char, f"{char} {bopomofo}" if own_labels else bopomofo)
        for char, bopomofo in _read_pairs(files.polyphonic)
    ]
    labels = {label: index for index, label in enumerate(sorted({label for _, label in labelled}))}
    char_labels: dict[str, set[int]] = {}
    for char, label in labelled:
        char_labels.setdefault(char, set()).add(labels[label])
    only = {char: _syllable(bopomofo, pinyin) for char, bopomofo in _read_pairs(files.monophonic)}
    return Tables(
        char_ids={char: index for index, char in enumerate(sorted(char_labels))},
        char_labels={char: tuple(sorted(own)) for char, own in char_labels.items()},
        syllables=tuple(_syllable(label.rpartition(" ")[2], pinyin) for label in labels),
        only={char: syllable for char, syllable in only.items() if syllable},
        tokens=_read_tokens(files.vocabulary),
    )


def _syllable(bopomofo: str, pinyin: Mapping[str, Any]) -> str | None:
    """Return "ㄌㄩㄝ4" as "lve4"; None where the front end has no phones for it."""
    plain = pinyin.get(bopomofo[:-1])
    if not isinstance(plain, str) or bopomofo[-1] not in "12345":
        return None
    syllable = plain + bopomofo[-1]
    return None if syllable_phones(syllable) == (UNK,) else syllable


def _read_pairs(path: Path) -> Pairs:
    pairs: Pairs = []
    for number, line in enumerate(_text_of(path).splitlines(), start=1):
        fields = line.strip().split("\t")
        if fields == [""]:
            continue
        if len(fields) != 2 or len(fields[0]) != 1 or not fields[1]:
            raise damaged(path, f"a character, a tab and a reading in line {number}", repr(line[:40]))
        pairs.append((fields[0], fields[1]))
    if not pairs:
        raise damaged(path, "characters and their readings", "none")
    return pairs


def _has_own_labels(path: Path) -> bool:
    """Tell whether each character has labels of its own, or shares those of a reading with others."""
    try:
        statements = ast.parse(_text_of(path)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise damaged(path, "Python assignments", error) from error
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id="use_char_phoneme")], value=ast.Constant(value=bool(value))):
                return value
    return False


def _read_tokens(path: Path) -> dict[str, int]:
    model = _read_object(path).get("model")
    tokens = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(tokens, dict) or not all(isinstance(tokens.get(name), int) for name in _SPECIAL_TOKENS):
        raise damaged(path, "a BERT tokenizer with [CLS], [SEP] and [UNK]", "none")
    return tokens


def _read_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(_text_of(path))
    except (ValueError, RecursionError) as error:
        raise damaged(path, "JSON", error) from error
    if not isinstance(found, dict):
        raise damaged(path, "a JSON object", type(found).__name__)
    return found


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise damaged(path, "UTF-8", error) from error
