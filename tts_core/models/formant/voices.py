"""The formant engine's catalogue: which voice an id names, and which languages it can be made to speak.

An id is espeak-ng's name of a language (`en-us`, `fr-fr`, `cmn`), optionally followed by `+` and one of the
library's variants (`en-us+f3`), which change the speaker but not the language.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import NamedTuple

from tts_core.errors import UnknownVoice, UnsupportedLanguage
from tts_core.models.formant.espeak import VoiceFile
from tts_core.voice import VoiceInfo

# Names that other systems use. Without an entry here, espeak-ng's own names hold.
_ALIASES = {
    "zh": "cmn",
    "zh-cn": "cmn",
    "all-zh": "cmn",
    "all-yue": "yue",
    "auto-yue": "yue",
    "all-ja": "ja",
    "all-ko": "ko",
    "en": "en-us",
}
# espeak-ng's names that BCP 47 spells otherwise; the rest only differ in capitals.
_BCP47 = {
    "ca-ba": "ca-x-balear",
    "ca-nw": "ca-x-nordocc",
    "ca-va": "ca-valencia",
    "en-us-nyc": "en-US-x-nyc",
    "piqd": "tlh",
    "py": "art-x-pyash",
    "ru-cl": "ru-x-classic",
}
# Voices that spell out each Han character as "Chinese letter" instead of reading it.
_NO_HAN = {"ja": "kana", "hak": "Latin letters"}
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


class Voice(NamedTuple):
    """A voice that can speak.

    Attributes:
        id: canonical id, without variant.
        name: for people.
        file: what the library calls it.
        variant: the library's name of the variant, or "" for none.
    """

    id: str
    name: str
    file: str
    variant: str = ""

    @property
    def library_name(self) -> str:
        return f"{self.file}+{self.variant}" if self.variant else self.file

    @property
    def primary_language(self) -> str:
        return self.id.partition("-")[0]

    def check_text(self, text: str) -> None:
        """Return if the voice can read the script of `text`.

        Raises:
            UnsupportedLanguage: it would only name the characters.
        """
        script = _NO_HAN.get(self.id)
        if script is not None and (found := _HAN.search(text)):
            raise UnsupportedLanguage(
                f"espeak-ng reads {self.name} in {script} only, and the text has {found.group()!r}",
                param="input",
            )


class Catalogue:
    """Every voice that the library lists and can speak, by all of its names."""

    def __init__(self, files: Iterable[VoiceFile], variants: Iterable[str]) -> None:
        files = sorted(files, key=lambda file: (len(file.file), file.file))
        self._voices: dict[str, Voice] = {}
        for file in files:
            voice_id = file.languages[0].lower()
            if voice_id in self._voices:  # a second one for the same language is told apart by its file
                voice_id = file.file.rpartition("/")[2].lower()
            self._voices[voice_id] = Voice(voice_id, file.name, file.file)
        self._by_name = _second_names(files, self._voices) | self._voices
        self._by_name |= {alias: self._voices[name] for alias, name in _ALIASES.items()}
        self._variants = {variant.lower(): variant for variant in variants}

    @property
    def variants(self) -> tuple[str, ...]:
        """Names that may follow a `+`."""
        return tuple(self._variants.values())

    def infos(self, model: str) -> tuple[VoiceInfo, ...]:
        """Return what to show, sorted by name."""
        voices = sorted(self._voices.values(), key=lambda voice: voice.name)
        return tuple(VoiceInfo(voice.id, voice.name, bcp47(voice.id), model) for voice in voices)

    def resolve(self, voice_id: str, language: str | None = None) -> Voice:
        """Return the voice that an id names, in `language` where one is given.

        Raises:
            UnknownVoice: there is no such voice or variant.
            UnsupportedLanguage: there is no voice for the language.
        """
        base_name, plus, variant_name = voice_id.partition("+")
        base = self._by_name.get(_normal(base_name))
        if base is None:
            raise UnknownVoice(_unknown("voice", base_name, self._by_name), param="voice")
        variant = self._variants.get(variant_name.lower(), "")
        if plus and not variant:
            raise UnknownVoice(_unknown("voice variant", variant_name, self.variants), param="voice")
        return self._in_language(base, language)._replace(variant=variant)

    def _in_language(self, voice: Voice, language: str | None) -> Voice:
        name = _normal(language or "auto")
        if name in ("auto", voice.primary_language):
            return voice
        found = self._by_name.get(name)
        if found is None:
            raise UnsupportedLanguage(_unknown("language", name, self._by_name), param="language")
        # "zh" asks for Mandarin, not for one of its voices: a voice that speaks it stays.
        stays = "-" not in name and found.primary_language == voice.primary_language
        return voice if stays else found


def bcp47(voice_id: str) -> str:
    """Return the BCP 47 tag of a voice's language, with the capitals that RFC 5646 recommends."""
    if voice_id in _BCP47:
        return _BCP47[voice_id]
    head, *rest = voice_id.split("-")
    private = rest.index("x") if "x" in rest else len(rest)
    sized = {2: str.upper, 4: str.title}
    public = [sized.get(len(part), str)(part) for part in rest[:private]]
    return "-".join([head, *public, *rest[private:]])


def _second_names(files: Iterable[VoiceFile], voices: dict[str, Voice]) -> dict[str, Voice]:
    """Map the further languages of each voice; where several claim a name, the shortest file has it."""
    names: dict[str, Voice] = {}
    by_file = {voice.file: voice for voice in voices.values()}
    for file in files:
        for language in file.languages[1:]:
            names.setdefault(language.lower(), by_file[file.file])
    return names


def _normal(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"there is no {what} {name!r}{hint}"
