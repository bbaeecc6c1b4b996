"""The languages, each loaded when it is first spoken and never before.

A language is a module with a class `FrontEnd` (see `protocol`) and a line in `_LANGUAGES`. Where its reading
is to be the reference's, another module's `FrontEnd` may take its place; the two share nothing that changes.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import threading

from tts_core.errors import InvalidParameter, MissingDependency, UnsupportedLanguage
from tts_core.frontend.protocol import READINGS, FrontEnd, Readings, ReadsLatin
from tts_core.frontend.symbols import symbol_table


@dataclasses.dataclass(frozen=True)
class _Language:
    """A language.

    Attributes:
        module: where its `FrontEnd` is.
        sound: one of its phones that no other language has; a version that lacks it can't speak it.
        scripts: what it is written in besides Latin letters and digits (see `scripts.Stretch`).
        embeds_english: Latin letters within it are English; else all letters are its own.
        reference: where the front end is that reads it as the reference does; None where `module`'s does.
    """

    module: str
    sound: str
    scripts: frozenset[str] = frozenset()
    embeds_english: bool = True
    reference: str | None = None


_LANGUAGES = {
    "zh": _Language(
        "tts_core.frontend.chinese",
        "zh",
        frozenset({"han"}),
        reference="tts_core.frontend.chinese.reference",
    ),
    "ja": _Language("tts_core.frontend.japanese", "cl", frozenset({"han", "ja"})),
    "ko": _Language("tts_core.frontend.korean", "ㅏ", frozenset({"han", "ko"})),
    "yue": _Language("tts_core.frontend.cantonese", "Yng", frozenset({"han"})),
    "en": _Language(
        "tts_core.frontend.english",
        "DH",
        embeds_english=False,
        reference="tts_core.frontend.english.reference",
    ),
}
# Every script in its own language; Han characters that tell nothing of theirs in this one.
_AUTOMATIC = {"auto": "zh", "auto_yue": "yue", "auto_ja": "ja"}
_ALL = "all_"

# By the module.
_loaded: dict[str, FrontEnd] = {}
_loading = threading.Lock()


@dataclasses.dataclass(frozen=True)
class RequestLanguage:
    """What a request language asks for.

    Attributes:
        name: canonical.
        language: what everything is read in that isn't another language's.
        embeds_english: Latin letters are English.
        detects: kana are Japanese, Hangul is Korean, Han characters are what they seem to be.
        keeps_digits: digits are read in `language` wherever they stand.
        readings: how it is read.
    """

    name: str
    language: str
    embeds_english: bool = True
    detects: bool = False
    keeps_digits: bool = False
    readings: Readings = "natural"


def supported_languages(version: str = "v2") -> tuple[str, ...]:
    """Return the request languages that work with a model version.

    Raises:
        InvalidParameter: no such version.
    """
    names = [name for name, base in _AUTOMATIC.items() if _speaks(base, version)]
    for name, language in _LANGUAGES.items():
        if _speaks(name, version):
            names += [name, _ALL + name] if language.embeds_english else [name]
    return tuple(names)


def canonical_language(language: str, version: str = "v2") -> str:
    """Return the request language in lower case.

    Raises:
        UnsupportedLanguage: it is none of `supported_languages`.
        InvalidParameter: no such version.
    """
    name = language.strip().lower()
    if name not in supported_languages(version):
        raise unsupported(language, version)
    return name


def request_language(language: str, version: str = "v2", readings: Readings = "natural") -> RequestLanguage:
    """Return what a request language, in any case, asks for.

    Raises:
        UnsupportedLanguage, InvalidParameter: as `canonical_language`.
        InvalidParameter: no such readings.
    """
    if readings not in READINGS:
        raise InvalidParameter(f"no readings {readings!r}; known: {', '.join(READINGS)}", param="readings")
    name = canonical_language(language, version)
    if name in _AUTOMATIC:
        return RequestLanguage(name, _AUTOMATIC[name], detects=True, readings=readings)
    base = name.removeprefix(_ALL)
    embeds_english = _LANGUAGES[base].embeds_english
    return RequestLanguage(name, base, embeds_english, keeps_digits=name != base, readings=readings)


def unsupported(language: str, version: str = "v2") -> UnsupportedLanguage:
    """Return the error for a language that isn't spoken here."""
    supported = ", ".join(supported_languages(version))
    which = f" by models of version {version}" if language.strip().lower() in supported_languages() else ""
    return UnsupportedLanguage(
        f"language {language!r} is not supported{which}; supported: {supported}", param="language"
    )


def reads_latin(language: str) -> re.Pattern[str] | None:
    """Return what a language reads itself although it begins with Latin letters; None where that is nothing.

    Raises:
        UnsupportedLanguage, MissingDependency: as `load_front_end`.
    """
    front_end = load_front_end(language)
    return front_end.latin if isinstance(front_end, ReadsLatin) else None


def scripts_of(language: str) -> frozenset[str]:
    """Return the kinds of stretches that a language reads."""
    return _LANGUAGES[language].scripts | {"en", "digits"}


def check_spoken(language: str, version: str) -> None:
    """Raise UnsupportedLanguage if models of this version have no phones for a language."""
    if not _speaks(language, version):
        raise unsupported(language, version)


def load_front_end(language: str, readings: Readings = "natural") -> FrontEnd:
    """Return the front end of a language, loading it at its first use; safe in any thread.

    Raises:
        UnsupportedLanguage: there is none.
        MissingDependency: one of its packages isn't installed.
    """
    if language not in _LANGUAGES:
        raise unsupported(language)
    found = _LANGUAGES[language]
    module = found.reference or found.module if readings == "reference" else found.module
    if module in _loaded:
        return _loaded[module]
    with _loading:
        if module not in _loaded:
            _loaded[module] = _load(language, module)
        return _loaded[module]


def _speaks(language: str, version: str) -> bool:
    return _LANGUAGES[language].sound in symbol_table(version)


def _load(language: str, name: str) -> FrontEnd:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingDependency(f"language {language!r} needs the package {error.name}") from error
    front_end: FrontEnd = module.FrontEnd()
    return front_end
