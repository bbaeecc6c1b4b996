"""A server's words, from a file.

YAML: a mapping from language to words and their phones.

    en: {Polyvox: P AA1 L IY0 V AA0 K S}
    zh: {重庆: chong2 qing4}

TSV: language, word and phones in each line, with tabs between; # begins a comment line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tts_core.errors import InvalidConfig
from tts_core.frontend.lexicon.reading import LANGUAGES, BadReading, parse_reading
from tts_core.frontend.lexicon.words import Words, key_of

_Entry = tuple[str, str, str, str]


def load_words(path: str | Path) -> Words:
    """Read and check a file of words.

    Raises:
        InvalidConfig: it can't be read, or something in it is wrong; the message says where.
        MissingDependency: checking a language's phones needs a package that isn't installed.
    """
    path = Path(path).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"lexicon {path}: can't be read: {error}", param="lexicon") from error
    entries = _tsv(path, text) if path.suffix.lower() == ".tsv" else _yaml(path, text)
    readings = []
    seen: dict[tuple[str, str], str] = {}
    for where, language, word, phones in entries:
        if language not in LANGUAGES:
            raise _wrong(path, where, f"{language!r} is none of {', '.join(LANGUAGES)}")
        earlier = seen.setdefault((language, key_of(word)), where)
        if earlier != where:
            raise _wrong(path, where, f"{word!r} is there already: {earlier}")
        try:
            readings.append(parse_reading(word, phones, language))
        except BadReading as error:
            raise _wrong(path, where, str(error)) from error
    return Words(readings)


def _tsv(path: Path, text: str) -> Iterator[_Entry]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) != 3:
            raise _wrong(path, f"line {number}", f"has {len(fields)} fields, not language, word, phones")
        yield f"line {number}", fields[0], fields[1], fields[2]


def _yaml(path: Path, text: str) -> Iterator[_Entry]:
    """Yield the entries with their lines; values as they are written, so that 'no' stays a word."""
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise InvalidConfig(f"lexicon {path}: isn't YAML: {error}", param="lexicon") from error
    if root is None:
        return
    for language, words in _pairs(path, root, "languages"):
        for word, phones in _pairs(path, words, f"words of {language.value}"):
            if not isinstance(phones, yaml.ScalarNode):
                raise _wrong(path, _line(phones), f"the phones of {word.value!r} aren't a text")
            yield _line(word), language.value, word.value, phones.value


def _pairs(path: Path, node: Any, what: str) -> list[tuple[Any, Any]]:
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(path, _line(node), f"expected {what}, such as `word: phones`")
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _wrong(path, _line(key), f"expected {what}, such as `word: phones`")
    return list(node.value)


def _line(node: Any) -> str:
    return f"line {node.start_mark.line + 1}"


def _wrong(path: Path, where: str, message: str) -> InvalidConfig:
    return InvalidConfig(f"lexicon {path}, {where}: {message}", param="lexicon")
