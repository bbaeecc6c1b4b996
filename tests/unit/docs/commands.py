"""Commands as the documentation writes them, held against the programs that they name."""

from __future__ import annotations

import contextlib
import re
import runpy
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from unittest.mock import patch

import typer

from polyvox.cli import app
from tests.unit.docs.pages import ROOT

_ENDS = frozenset(";|&\n")
_NO_WORDS = re.compile(r"(^|\s)# .*|\s>\s*\S+")
"""Comments, and where output goes."""
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


class _Called(BaseException):
    """A program has come to where it would begin."""


def words_of(script: str) -> Iterator[list[str]]:
    """Yield the words of each command; of `kubectl exec POD -- COMMAND` those of the second one as well."""
    plain = _NO_WORDS.sub("", script.replace("\\\n", " "))
    lexer = shlex.shlex(plain, posix=True, punctuation_chars=";|&\n")
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t", "", True
    words: list[str] = []
    for word in (*lexer, "\n"):
        if not _ENDS.issuperset(word):
            words.append(word)
            continue
        if words:
            yield words
        if "--" in words:
            yield words[words.index("--") + 1 :]
        words = []


def fault_of(words: Sequence[str], *, is_whole: bool) -> str | None:
    """Return what is wrong with a command, or None; of programs that aren't ours nothing is known.

    Args:
        words: its own and its arguments'.
        is_whole: whether all that it needs must be there; in prose a name will do.
    """
    if words[:1] == ["make"]:
        unknown = [word for word in words[1:] if word not in make_targets()]
        return f"make has no {', '.join(unknown)}" if unknown else None
    if words[:1] == ["polyvox"]:
        return _fault(typer.main.get_command(app), words[1:], is_whole)
    if list(words[:2]) == ["python", "-m"] and words[2].startswith("benchmarks."):
        return _fault(benchmark(words[2]), words[3:], is_whole)
    return None


@cache
def make_targets() -> frozenset[str]:
    """Return what `make` can be told."""
    return frozenset(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


@cache
def benchmark(module: str) -> Any:
    """Return the command that `python -m MODULE` is."""
    found: list[typer.Typer] = []

    def called(self: typer.Typer, *_: object, **__: object) -> None:
        found.append(self)
        raise _Called

    with (
        patch.object(typer.Typer, "__call__", called),
        patch.object(sys, "argv", [module]),
        warnings.catch_warnings(),
        contextlib.suppress(_Called),
    ):
        warnings.simplefilter("ignore")  # what is imported already is run once more
        runpy.run_module(module, run_name="__main__")
    return typer.main.get_command(found[0])


def _fault(command: Any, words: Sequence[str], is_whole: bool) -> str | None:
    rest = list(words)
    while rest and rest[0] in (inner := getattr(command, "commands", {})):
        command = inner[rest.pop(0)]
    context = command.context_class(command, resilient_parsing=True)
    try:
        given, left, _ = command.make_parser(context).parse_args(rest)
    except Exception as error:
        return str(error)
    if left:
        return f"{' '.join(left)} has no meaning"
    missing = [one.name for one in command.params if one.required and given.get(one.name) is None]
    return f"{', '.join(missing)} isn't given" if missing and is_whole else None
