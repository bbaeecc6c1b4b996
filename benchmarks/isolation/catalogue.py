"""Who can be asked to speak: the server's own lists, narrowed to what the run was told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks.isolation.settings import CannotRun, Choice
from benchmarks.isolation.texts import text_language
from benchmarks.load.dialects import endpoint
from benchmarks.load.settings import Target


@dataclass(frozen=True)
class VoiceEntry:
    """One line of `GET /v1/audio/voices`."""

    id: str
    language: str
    model: str


@dataclass(frozen=True)
class Speaker:
    """A voice of a model, with the language of its texts; `states_language` says to name it in requests."""

    model: str
    voice: str
    language: str
    states_language: bool = False


async def fetch_catalogue(session: aiohttp.ClientSession, target: Target) -> list[VoiceEntry]:
    """Return what the server offers.

    Raises:
        CannotRun: it doesn't answer, or not with a list of voices.
    """
    url = endpoint(target).removesuffix("/speech") + "/voices"
    try:
        async with session.get(url) as response:
            response.raise_for_status()
            voices: list[dict[str, Any]] = (await response.json())["voices"]
        return [VoiceEntry(entry["id"], entry["language"], entry["model"]) for entry in voices]
    except (aiohttp.ClientError, OSError, asyncio.TimeoutError, ValueError, KeyError, TypeError) as error:
        raise CannotRun(f"no list of voices from {url}: {type(error).__name__}: {error}") from error


def choose_speakers(catalogue: Sequence[VoiceEntry], choice: Choice) -> list[Speaker]:
    """Return every speaker that the choice allows, in the catalogue's order or in that of the names given.

    Raises:
        CannotRun: a name is in no list, or nobody is left.
    """
    if choice.voices:
        found = [pair for name in choice.voices for pair in _named(catalogue, name, choice.models)]
    else:
        found = [
            (entry, entry.model) for entry in catalogue if entry.model in (choice.models or (entry.model,))
        ]
    speakers = [speaker for entry, model in found for speaker in _in_languages(entry, model, choice.langs)]
    if not speakers:
        raise CannotRun("the catalogue has no voice for these models; name --voices as well")
    return speakers


def _named(catalogue: Sequence[VoiceEntry], name: str, models: Sequence[str]) -> list[tuple[VoiceEntry, str]]:
    model, colon, voice = name.rpartition(":")
    entry = _find(catalogue, voice)
    chosen = (model,) if colon else models or (entry.model,)
    return [(entry, each) for each in chosen]


def _find(catalogue: Sequence[VoiceEntry], voice: str) -> VoiceEntry:
    """Return the entry of a voice; a variant (`en-us+f3`) is listed under what it varies."""
    for name in (voice, voice.partition("+")[0]):
        for entry in catalogue:
            if entry.id == name:
                return VoiceEntry(voice, entry.language, entry.model)
    raise CannotRun(f"the catalogue has no voice {voice!r}")


def _in_languages(entry: VoiceEntry, model: str, langs: Sequence[str]) -> list[Speaker]:
    if not langs:
        return [Speaker(model, entry.id, entry.language)]
    return [Speaker(model, entry.id, language, states_language=True) for language in langs]


def spoken_language(speaker: Speaker) -> str:
    """Return the language of `texts` in which a speaker is addressed."""
    return text_language(speaker.language)
