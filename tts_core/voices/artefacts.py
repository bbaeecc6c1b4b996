"""How voices lie in their storage: folders of files, written once, and the names that point to them."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from tts_core.errors import InvalidVoice, UnknownVoice, VoiceDamaged
from tts_core.voices.storage import Storage
from tts_core.voices.voice import FORMAT, Voice, canonical_json

_NAMES = "names"
_ARTEFACTS = "artefacts"
_MANIFEST = "voice.json"
_SUFFIX = ".json"
_FOLDER = re.compile(r"(v-[0-9a-f]{16})\.[0-9a-f]{8}\.([A-Za-z0-9._-]+)")
_SHOWN_BYTES = 40
_SHOWN_DIGITS = 12

logger = logging.getLogger(__name__)


class _Pointer(NamedTuple):
    """What `names/NAME.json` holds: a folder of `artefacts`, and the hash of its manifest."""

    artefact: str
    manifest_sha256: str


class Artefacts:
    """Voices as `artefacts/ID.NONCE.NAME/` with the uploaded files and a manifest, and `names/NAME.json`.

    The folder is written first and never changed; then the name is published in one step, and only one
    process can publish a name. The nonce keeps a removal from deleting what another process is adding. A
    process that dies in between leaves a folder that no name points to. All that is read is held against its
    hash.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def names(self) -> tuple[str, ...]:
        """Return the published names, sorted."""
        found = self._storage.names(_NAMES)
        return tuple(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX))

    def names_of(self, voice_id: str) -> tuple[str, ...]:
        """Return the names, sorted, under which a voice of this id was kept."""
        folders = (_FOLDER.fullmatch(folder) for folder in self._storage.names(_ARTEFACTS))
        return tuple(sorted({folder[2] for folder in folders if folder and folder[1] == voice_id}))

    def id_of(self, name: str) -> str:
        """Return the id of a published name's voice.

        Raises:
            UnknownVoice: the name isn't published.
            InvalidVoice: the name's file is damaged.
        """
        return self._pointer(name).artefact.partition(".")[0]

    def open(self, name: str) -> Voice:
        """Return the voice of a published name.

        Raises:
            UnknownVoice: the name isn't published.
            InvalidVoice: what it points to is missing or damaged; the message names the file.
        """
        return self._open(name)[0]

    def keep(self, voice: Voice, files: Sequence[bytes]) -> None:
        """Write a voice, then publish its name.

        Args:
            files: the bytes of `voice.recordings`.

        Raises:
            FileExistsError: the name is published already; nothing is left of this attempt.
            OSError: the storage can't be written.
        """
        folder = f"{voice.id}.{secrets.token_hex(4)}.{voice.name}"
        manifest = canonical_json(voice.to_dict())
        pointer = _Pointer(folder, _sha256(manifest))
        try:
            for index, data in enumerate(files):
                self._storage.create(_recording_path(folder, index), data)
            self._storage.create(_manifest_path(folder), manifest)
            self._storage.create(_pointer_path(voice.name), canonical_json(pointer._asdict()))
        except BaseException:
            self._discard(folder)
            raise

    def read_recording(self, name: str, voice_id: str, index: int) -> bytes:
        """Return a recording's bytes.

        Raises:
            UnknownVoice: the name isn't published, or is another voice's by now.
            InvalidVoice: the file is missing or damaged; the message names it.
        """
        voice, folder = self._open(name)
        if voice.id != voice_id:
            raise UnknownVoice(f"the voice {voice_id} is no longer called {name!r}", param="voice")
        recording = voice.recordings[index]
        path = _recording_path(folder, index)
        expected = f"{recording.num_bytes} bytes of SHA-256 {recording.sha256[:_SHOWN_DIGITS]}"
        try:
            data = self._storage.read(path)
        except FileNotFoundError as error:
            if self._pointer(name).artefact != folder:
                return self.read_recording(name, voice_id, index)  # replaced between the two reads
            raise self._damaged(path, expected, "no file") from error
        if _sha256(data) != recording.sha256:
            raise self._damaged(path, expected, f"{len(data)} bytes of {_sha256(data)[:_SHOWN_DIGITS]}")
        return data

    def remove(self, name: str) -> bool:
        """Unpublish a name and delete its files, damaged or not; False where there is none."""
        try:
            folders = [self._pointer(name).artefact]
        except UnknownVoice:
            return False
        except InvalidVoice as error:
            logger.warning("removing a damaged voice: %s", error.message)
            folders = self._folders_of(name)
        try:
            self._storage.delete(_pointer_path(name))
        except FileNotFoundError:
            return False
        for folder in folders:
            self._discard(folder)
        return True

    def _open(self, name: str) -> tuple[Voice, str]:
        """Return a voice and its folder."""
        pointer = self._pointer(name)
        path = _manifest_path(pointer.artefact)
        expected = f"a manifest of SHA-256 {pointer.manifest_sha256[:_SHOWN_DIGITS]}"
        try:
            manifest = self._storage.read(path)
        except FileNotFoundError as error:
            if self._pointer(name) != pointer:
                return self._open(name)  # replaced between the two reads
            raise self._damaged(path, expected, "no file") from error
        if _sha256(manifest) != pointer.manifest_sha256:
            raise self._damaged(path, expected, _sha256(manifest)[:_SHOWN_DIGITS])
        try:
            voice = Voice.from_dict(json.loads(manifest))
        except (InvalidVoice, ValueError) as error:  # whole, but another release wrote it
            raise self._damaged(path, f"a manifest of {FORMAT}", str(error)) from error
        if voice.name != name:
            raise self._damaged(_pointer_path(name), f"the place of {name!r}", f"that of {voice.name!r}")
        return voice, pointer.artefact

    def _pointer(self, name: str) -> _Pointer:
        path = _pointer_path(name)
        try:
            data = self._storage.read(path)
        except FileNotFoundError as error:
            raise UnknownVoice(f"there is no voice {name!r}", param="voice") from error
        try:
            pointer = _Pointer(**json.loads(data))
            is_sound = _FOLDER.fullmatch(pointer.artefact) and isinstance(pointer.manifest_sha256, str)
        except (ValueError, TypeError):
            is_sound = False
        if not is_sound:
            raise self._damaged(path, "the place of a voice", f"{len(data)} bytes: {data[:_SHOWN_BYTES]!r}")
        return pointer

    def _folders_of(self, name: str) -> list[str]:
        matches = (_FOLDER.fullmatch(folder) for folder in self._storage.names(_ARTEFACTS))
        return [match[0] for match in matches if match and match[2] == name]

    def _discard(self, folder: str) -> None:
        try:
            self._storage.delete(f"{_ARTEFACTS}/{folder}")
        except FileNotFoundError:
            return

    def _damaged(self, path: str, expected: str, found: str) -> VoiceDamaged:
        return VoiceDamaged(
            f"{self._storage.url}/{path}: expected {expected}; found {found}. "
            "Remove the voice and add it again.",
            param=path,
        )


def _pointer_path(name: str) -> str:
    return f"{_NAMES}/{name}{_SUFFIX}"


def _manifest_path(folder: str) -> str:
    return f"{_ARTEFACTS}/{folder}/{_MANIFEST}"


def _recording_path(folder: str, index: int) -> str:
    return f"{_ARTEFACTS}/{folder}/recording-{index}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
