"""Which voice is meant by the path of a reference recording. Paths are names here: none is ever opened."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from tts_core.errors import UnknownVoice
from tts_core.voice import VoiceInfo

LIST_S = 1.0
"""How long a request waits for the catalogue."""

MAX_AGE_S = 10.0

_SUFFIXES = (".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".wma", ".webm")

logger = logging.getLogger("ray.serve")


@dataclass(frozen=True)
class Found:
    """A voice that a path stands for.

    Attributes:
        voice: what to ask the engine for.
        info: what the catalogue says of it; None for what it doesn't list.
        is_by_file: whether it was found by a recording's name, which may become another voice's.
    """

    voice: str
    info: VoiceInfo | None
    is_by_file: bool = False


def unknown_voice() -> UnknownVoice:
    """Return what is said of every path that is no voice: it tells nothing of any file."""
    return UnknownVoice(
        "ref_audio_path names no voice of this server: give a voice's id, or the name of the file that it "
        "was made from; GET /speakers lists them",
        param="ref_audio_path",
    )


class References:
    """Finds voices by id, by alias, and by the name of a recording that they were made from.

    Of a path only the last part counts, with or without its ending, in any case: folders are another
    server's. Where two voices have recordings of one name, the folder may be a voice's id. A voice that is
    found by its id once needs no further look at the catalogue, which would wake models that sleep: an engine
    knows itself when a voice is gone. The names of recordings are looked up anew after `MAX_AGE_S`.

    Args:
        aliases: of voices.
        list_voices: returns the catalogue, the default model's voices first.
    """

    def __init__(
        self,
        aliases: Mapping[str, str],
        list_voices: Callable[[], Coroutine[Any, Any, tuple[VoiceInfo, ...]]],
    ) -> None:
        self._aliases, self._list_voices = aliases, list_voices
        self._index = _Index((), aliases)
        self._looked_at = 0.0
        self._listing: asyncio.Future[tuple[VoiceInfo, ...]] | None = None

    async def find(self, path: str) -> Found:
        """Return the voice that a path stands for.

        What isn't in the catalogue goes to the engine by its name: the formant engine knows more voices than
        it lists, and a store may have one that is newer than the catalogue. So does everything where there is
        no catalogue within `LIST_S`: one engine that is down holds up nobody who speaks with another.

        Raises:
            UnknownVoice: the path has no last part.
        """
        found = self._index.find(path)
        if found is None or found.info is None or (found.is_by_file and self._is_old()):
            await self._look_again()
            found = self._index.find(path)
        if found is None:
            raise unknown_voice()
        return found

    async def find_listed(self, path: str) -> Found:
        """Return the voice that a path stands for, where the catalogue has it. Raises UnknownVoice."""
        found = await self.find(path)
        if found.info is None:
            raise unknown_voice()
        return found

    async def wait_for_all(self) -> None:
        """Wait for the catalogue as long as it takes. Raises PolyvoxError where an engine gives none."""
        self._index = _Index(await self._list_voices(), self._aliases)
        self._looked_at = time.monotonic()

    def _is_old(self) -> bool:
        return time.monotonic() - self._looked_at > MAX_AGE_S

    async def _look_again(self) -> None:
        """Wait a moment for the catalogue, together with all who do."""
        if self._listing is None or self._listing.done():
            self._listing = asyncio.ensure_future(self._list_voices())
            self._listing.add_done_callback(self._take)
        await asyncio.wait({self._listing}, timeout=LIST_S)

    def _take(self, listing: asyncio.Future[tuple[VoiceInfo, ...]]) -> None:
        if listing.cancelled() or (error := listing.exception()) is not None:
            logger.warning(
                "there is no catalogue of voices: %s", "cancelled" if listing.cancelled() else error
            )
        else:
            self._index, self._looked_at = _Index(listing.result(), self._aliases), time.monotonic()


class _Index:
    """The catalogue by every name that a path may end in."""

    def __init__(self, infos: Iterable[VoiceInfo], aliases: Mapping[str, str]) -> None:
        self._aliases = aliases
        self._by_id: dict[str, VoiceInfo] = {}
        for info in infos:
            self._by_id.setdefault(info.id, info)
        self._voices_by_name: dict[str, set[str]] = {}
        for info in self._by_id.values():
            for name in (info.id, *info.recordings):
                self._add(name, info.id)
        for alias in aliases:
            self._add(alias, alias)

    def find(self, path: str) -> Found | None:
        if path in self._by_id or path in self._aliases:
            return self._found(path)
        *folders, name = [part.strip() for part in unquote(path).replace("\\", "/").split("/")]
        if not name or name in (".", ".."):
            return None
        for key in (name, stem(name)):
            if key in self._by_id or key in self._aliases:
                return self._found(key)
        named = self._named(name)
        if len(named) > 1:
            named = named.intersection(*(self._named(folder) for folder in folders[-1:]))
        if len(named) != 1:
            return self._found(stem(name))
        (voice,) = named
        return replace(self._found(voice), is_by_file=_key(voice) != _key(name))

    def _named(self, name: str) -> frozenset[str]:
        return frozenset(self._voices_by_name.get(_key(name), ()))

    def _add(self, name: str, voice: str) -> None:
        self._voices_by_name.setdefault(_key(name), set()).add(voice)

    def _found(self, name: str) -> Found:
        voice = self._aliases.get(name, name)
        return Found(voice, self._by_id.get(voice) or self._by_id.get(voice.partition("+")[0]))


def stem(name: str) -> str:
    """Return a file's name without an ending of audio files."""
    lowered = name.lower()
    return next((name[: -len(suffix)] for suffix in _SUFFIXES if lowered.endswith(suffix)), name)


def _key(name: str) -> str:
    return stem(name).casefold()
