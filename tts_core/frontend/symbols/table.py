"""Phone to id, as the checkpoints were trained: 322 symbols in version 1, 732 in every later one.

An id is an index into the embedding of both models, so the order is part of the file format: the phones of
English, Mandarin, Japanese and the punctuation sorted together, then (from version 2 on) Japanese pitch
marks, Korean and Cantonese, each sorted for itself.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from typing import Literal, get_args

from tts_core.errors import InvalidParameter
from tts_core.frontend.symbols import parts

Version = Literal["v1", "v2", "v2Pro", "v2ProPlus"]


@dataclasses.dataclass(frozen=True)
class SymbolTable:
    """The symbols in the order of their ids."""

    symbols: tuple[str, ...]

    @functools.cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: index for index, symbol in enumerate(self.symbols)}

    def __len__(self) -> int:
        return len(self.symbols)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._ids

    def ids(self, phones: Iterable[str]) -> tuple[int, ...]:
        """Return the id of each phone; a phone that the table lacks becomes UNK."""
        unknown = self._ids[parts.UNK]
        return tuple(self._ids.get(phone, unknown) for phone in phones)


def symbol_table(version: str) -> SymbolTable:
    """Return the table of a model version.

    Raises:
        InvalidParameter: no such version.
    """
    if version not in get_args(Version):
        known = ", ".join(get_args(Version))
        raise InvalidParameter(f"no symbol table for version {version!r}; known: {known}", param="version")
    return _table_v1() if version == "v1" else _table_v2()


@functools.cache
def _table_v1() -> SymbolTable:
    shared = parts.arpa().union(parts.mandarin(), parts.JAPANESE.split(), parts.PUNCTUATION, parts.SPECIALS)
    return SymbolTable(tuple(sorted(shared)))


@functools.cache
def _table_v2() -> SymbolTable:
    later = (*parts.JAPANESE_PITCH.split(), *parts.KOREAN.split(), *sorted(parts.cantonese()))
    return SymbolTable(_table_v1().symbols + later)
