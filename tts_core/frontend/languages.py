"""The languages, each loaded when it is first spoken and never before.

A language is a module with a class `FrontEnd` (see `protocol`) and a line in `_MODULES`.
"""

from __future__ import annotations

import importlib
import threading

from tts_core.errors import MissingDependency, UnsupportedLanguage
from tts_core.frontend.protocol import FrontEnd

_MODULES = {
    "en": "tts_core.frontend.english",
    "zh": "tts_core.frontend.chinese",
}
# Request language to the language that its Han characters are read in; None where there is nothing to decide.
_REQUEST_LANGUAGES: dict[str, str | None] = {"auto": "zh", "zh": "zh", "all_zh": "zh", "en": None}

_loaded: dict[str, FrontEnd] = {}
_loading = threading.Lock()


def supported_languages() -> tuple[str, ...]:
    """Return the request languages that work."""
    return tuple(_REQUEST_LANGUAGES)


def canonical_language(language: str) -> str:
    """Return the request language in lower case.

    Raises:
        UnsupportedLanguage: it is none of `supported_languages`.
    """
    name = language.strip().lower()
    if name not in _REQUEST_LANGUAGES:
        raise unsupported(language)
    return name


def unsupported(language: str) -> UnsupportedLanguage:
    """Return the error for a language that isn't spoken here."""
    supported = ", ".join(_REQUEST_LANGUAGES)
    return UnsupportedLanguage(
        f"language {language!r} is not supported; supported: {supported}", param="language"
    )


def load_front_end(language: str) -> FrontEnd:
    """Return the front end of a language, loading it at its first use; safe in any thread.

    Raises:
        UnsupportedLanguage: there is none.
        MissingDependency: one of its packages isn't installed.
    """
    if language in _loaded:
        return _loaded[language]
    if language not in _MODULES:
        raise unsupported(language)
    with _loading:
        if language not in _loaded:
            _loaded[language] = _load(language)
        return _loaded[language]


def _load(language: str) -> FrontEnd:
    try:
        module = importlib.import_module(_MODULES[language])
    except ModuleNotFoundError as error:
        raise MissingDependency(f"language {language!r} needs the package {error.name}") from error
    front_end: FrontEnd = module.FrontEnd()
    return front_end
