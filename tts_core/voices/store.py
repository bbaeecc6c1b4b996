"""Where voices are kept, for all nodes and processes."""

from __future__ import annotations

import contextlib
import difflib
import logging
import os
from collections.abc import Sequence

from tts_core.errors import InvalidVoice, UnknownVoice, VoiceExists
from tts_core.voices.artefacts import Artefacts
from tts_core.voices.consent import Consent
from tts_core.voices.defaults import VoiceDefaults
from tts_core.voices.recording import (
    EXTRA_LIMITS,
    RecordingLimits,
    Upload,
    check_language,
    check_recording,
    check_text,
)
from tts_core.voices.storage import Storage
from tts_core.voices.voice import ID_PATTERN, Voice, check_name, is_name

DEFAULT_STORE = "~/.local/share/polyvox/voices"
"""Where `polyvox voices` keeps voices and a server looks for them, unless told otherwise."""

_NO_DEFAULTS = VoiceDefaults()
_SHOWN_MATCHES = 3

logger = logging.getLogger(__name__)


class VoiceStore:
    """Voices in a local folder or at any fsspec URL; see `Artefacts` for how many processes share it.

    Args:
        url: a folder's path, or a URL such as `s3://bucket/voices`.
        limits: for reference recordings.
        extra_limits: for extra references.

    Raises:
        InvalidConfig, MissingDependency: the URL can't be opened.
    """

    def __init__(
        self,
        url: str | os.PathLike[str] = DEFAULT_STORE,
        limits: RecordingLimits | None = None,
        extra_limits: RecordingLimits = EXTRA_LIMITS,
    ) -> None:
        storage = Storage(url)
        self.url = storage.url
        self._artefacts = Artefacts(storage)
        self._limits = limits or RecordingLimits()
        self._extra_limits = extra_limits

    def add(
        self,
        name: str,
        recording: Upload,
        text: str,
        language: str,
        *,
        extras: Sequence[Upload] = (),
        defaults: VoiceDefaults = _NO_DEFAULTS,
        consent: Consent | None = None,
    ) -> Voice:
        """Check a voice, keep it and return it. Adding the same again changes nothing, nor its consent.

        Args:
            name: what requests will call it.
            recording: the reference recording.
            text: what the recording says.
            language: of the text.
            extras: further recordings of the same speaker, for the timbre.
            defaults: settings of its own.
            consent: what the speaker agreed to.

        Raises:
            InvalidVoice: something about it won't do.
            VoiceExists: the name belongs to another voice.
            OSError: the store can't be written.
        """
        name, text, language = check_name(name), check_text(text), check_language(language)
        checked = [check_recording(recording, self._limits)]
        checked += [check_recording(extra, self._extra_limits) for extra in extras]
        voice = Voice(name, text, language, tuple(checked), defaults, consent)
        files = [upload.data for upload in (recording, *extras)]
        while (kept := self._kept(voice)) is None:
            with contextlib.suppress(FileExistsError):  # another process was faster: is it the same voice?
                self._artefacts.keep(voice, files)
        return kept

    def names(self) -> tuple[str, ...]:
        """Return the names of all voices, damaged or not, sorted."""
        return self._artefacts.names()

    def id_of(self, name: str) -> str:
        """Return the id that a name stands for at this moment.

        Raises:
            UnknownVoice: there is no such name.
            InvalidVoice: what is kept of it is damaged.
        """
        if not is_name(name):
            raise self._unknown(name)
        return self._artefacts.id_of(name)

    def get(self, id_or_name: str) -> Voice:
        """Return a voice.

        Raises:
            UnknownVoice: there is none; the message has names that are near.
            InvalidVoice: what is kept is damaged; the message names the file.
        """
        for name in self._names_of(id_or_name):
            with contextlib.suppress(UnknownVoice):
                return self._artefacts.open(name)
        raise self._unknown(id_or_name)

    def list(self) -> tuple[Voice, ...]:
        """Return all voices by name. Damaged ones are logged and left out: see `scan`."""
        voices, damaged = self.scan()
        for error in damaged:
            logger.error("a voice is left out: %s", error.message)
        return voices

    def scan(self) -> tuple[tuple[Voice, ...], tuple[InvalidVoice, ...]]:
        """Return all voices by name, and what is wrong with those that are damaged."""
        found = [self._open_or_error(name) for name in self._artefacts.names()]
        voices = tuple(one for one in found if isinstance(one, Voice))
        return voices, tuple(one for one in found if isinstance(one, InvalidVoice))

    def remove(self, id_or_name: str) -> tuple[str, ...]:
        """Remove a voice, damaged or not, and return its names: one, or all that an id has.

        Raises:
            UnknownVoice: there is none.
        """
        removed = tuple(name for name in self._names_of(id_or_name) if self._artefacts.remove(name))
        if not removed:
            raise self._unknown(id_or_name)
        return removed

    def read_recording(self, voice: Voice, index: int = 0) -> bytes:
        """Return an uploaded file as it came: 0 is the reference, extras follow.

        Raises:
            UnknownVoice: the voice was removed meanwhile.
            InvalidVoice: the file is missing or damaged; the message names it.
            ValueError: the voice has no such recording.
        """
        if not 0 <= index < len(voice.recordings):
            raise ValueError(f"{voice.name} has {len(voice.recordings)} recordings; asked for index {index}")
        for name in (voice.name, *self._artefacts.names_of(voice.id)):
            with contextlib.suppress(UnknownVoice):
                return self._artefacts.read_recording(name, voice.id, index)
        raise self._unknown(voice.id)

    def _open_or_error(self, name: str) -> Voice | InvalidVoice | None:
        try:
            return self._artefacts.open(name)
        except InvalidVoice as error:
            return error
        except UnknownVoice:
            return None  # removed since the names were listed

    def _kept(self, voice: Voice) -> Voice | None:
        """Return this very voice as it is kept under its name, with sound files; None where it isn't."""
        try:
            kept = self._artefacts.open(voice.name)
        except UnknownVoice:
            return None
        if kept.id != voice.id:
            raise VoiceExists(
                f"expected a new name; found {voice.name!r}, which belongs to another voice ({kept.id}). "
                "Choose another name, or remove that voice first.",
                param="name",
            )
        for index in range(len(kept.recordings)):
            self._artefacts.read_recording(kept.name, kept.id, index)
        return kept

    def _names_of(self, id_or_name: str) -> tuple[str, ...]:
        """Return the names to look under. Other strings never reach the storage: they could be paths."""
        if ID_PATTERN.fullmatch(id_or_name):
            return tuple(name for name in self._artefacts.names_of(id_or_name) if self._is(name, id_or_name))
        return (id_or_name,) if is_name(id_or_name) else ()

    def _is(self, name: str, voice_id: str) -> bool:
        try:
            return self._artefacts.id_of(name) == voice_id
        except UnknownVoice:
            return False

    def _unknown(self, id_or_name: str) -> UnknownVoice:
        near = difflib.get_close_matches(id_or_name, self._artefacts.names(), _SHOWN_MATCHES)
        hint = f"; near it: {', '.join(near)}" if near else ""
        # Where the store is, is nobody's business who asks over HTTP.
        return UnknownVoice(f"there is no voice {id_or_name!r}{hint}", param="voice")
