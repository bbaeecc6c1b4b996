"""Phone symbols and their ids."""

from __future__ import annotations

from tts_core.frontend.symbols.parts import PUNCTUATION, UNK
from tts_core.frontend.symbols.table import SymbolTable, Version, symbol_table

__all__ = ["PUNCTUATION", "UNK", "SymbolTable", "Version", "symbol_table"]
