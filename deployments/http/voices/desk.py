"""Where voices are handed in, looked up and taken back: the store, as the HTTP edge uses it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import errno
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from deployments.config import VoicesArgs
from deployments.http.voices.decoding import Decoded, Decoder
from deployments.http.voices.errors import (
    NotYourVoice,
    UploadsDisabled,
    VoiceLimitReached,
    VoiceStoreFailed,
    VoiceStoreFull,
    VoiceStoreReadOnly,
)
from deployments.http.voices.upload import VoiceUpload
from deployments.keys.key_file import Key
from tts_core.errors import PolyvoxError
from tts_core.voices import Consent, Upload, Voice, VoiceStore
from tts_core.voices.consent import check_consent
from tts_core.voices.examination import float_wav
from tts_core.voices.recording import check_language, check_text
from tts_core.voices.voice import check_name

SETTLE_S = 1.2
"""Replicas look at the store when what they saw is a second old: by then each of them knows of a change."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_NUM_THREADS = 4

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """A voice, and what its recording is like."""

    voice: Voice
    recording: Decoded


class VoiceDesk:
    """Adds, finds and removes the voices of a store. Belongs to the event loop; the store is used in threads.

    What it answers is true everywhere: a change is answered when every replica sees it.

    Args:
        store: shared with the replicas.
        models: those that speak with these voices, the default one first.
        args: how many voices there may be.
        takes_changes: whether voices may be added and removed.
        on_change: told of every change, once replicas see it.
        decoder: what recordings are decoded by.
    """

    def __init__(
        self,
        store: VoiceStore,
        models: tuple[str, ...],
        args: VoicesArgs,
        takes_changes: bool,
        on_change: Callable[[], None] = lambda: None,
        decoder: Decoder | None = None,
    ) -> None:
        self.models = models
        self._store, self._args = store, args
        self._takes_changes, self._on_change = takes_changes, on_change
        self._decoder = decoder or Decoder(args.num_decoders)
        self._pool = ThreadPoolExecutor(_NUM_THREADS, "voices")
        # One at a time: two at once could both be the last one that the limits allow.
        self._changing = asyncio.Lock()

    def place(self) -> AbstractContextManager[None]:
        """Keep a place for an upload, before its body is read. Raises Overloaded where there is none."""
        return self._decoder.place()

    async def add(self, upload: VoiceUpload, key: Key | None) -> Kept:
        """Check a voice and keep it. Uploading the same again changes nothing and answers alike.

        Only the sound is kept of the file, as plain samples: no other process ever decodes what came from
        outside, and a model hears the same of it.

        Raises:
            UploadsDisabled, VoiceLimitReached: it may not be kept.
            InvalidVoice: something about it won't do.
            VoiceExists: the name belongs to another voice.
            VoiceStoreFull, VoiceStoreReadOnly, VoiceStoreFailed: it can't be kept; nothing of it is.
        """
        self._check_changes()
        name, text = check_name(upload.name), check_text(upload.text)
        language = await self._in_thread(lambda: check_language(upload.language))
        consent = Consent(check_consent(upload.consent), _now(), key.id if key else "")
        recording = await self._decoder.decode(upload.audio)
        file = Upload(f"{name}.wav", float_wav(recording.samples, recording.rate_hz))

        def add() -> Voice:
            self._check_limits(name, key)
            return self._store.add(name, file, text, language, consent=consent)

        async with self._changing:
            voice = await self._in_thread(add)
        logger.info("voice %s (%s) was added by key %r", voice.name, voice.id, consent.added_by)
        await self._settle()
        return Kept(voice, recording)

    async def inspect(self, id_or_name: str) -> Kept:
        """Return a voice, and what its recording is like.

        Raises:
            UnknownVoice: there is none.
            VoiceDamaged, VoiceStoreFailed: it can't be read.
        """

        def read() -> tuple[Voice, bytes]:
            voice = self._store.get(id_or_name)
            return voice, self._store.read_recording(voice)

        with self._decoder.place():
            voice, data = await self._in_thread(read)
            return Kept(voice, await self._decoder.decode(data))

    async def find(self, id_or_name: str) -> Voice:
        """Return a voice. Raises as `inspect`."""
        return await self._in_thread(lambda: self._store.get(id_or_name))

    async def remove(self, id_or_name: str, key: Key | None) -> Voice:
        """Remove a voice. Whoever listens to it hears it to the end.

        Raises:
            UnknownVoice: there is none.
            NotYourVoice: another key added it.
            UploadsDisabled, VoiceStoreReadOnly, VoiceStoreFailed: it can't be removed.
        """
        self._check_changes()

        def remove() -> Voice:
            voice = self._store.get(id_or_name)
            _check_owner(voice, key)
            # By name: under another one, somebody else may have added the same.
            self._store.remove(voice.name)
            return voice

        async with self._changing:
            voice = await self._in_thread(remove)
        logger.info("voice %s (%s) was removed by key %r", voice.name, voice.id, key.id if key else "")
        await self._settle()
        return voice

    async def _settle(self) -> None:
        try:
            await asyncio.sleep(SETTLE_S)
        finally:
            self._on_change()

    def _check_changes(self) -> None:
        if not self._takes_changes:
            raise UploadsDisabled(
                "this server's configuration lets nobody add or delete voices over HTTP: see ingress.voices"
            )

    def _check_limits(self, name: str, key: Key | None) -> None:
        names = self._store.names()
        if name in names:
            return  # it is the same voice, or will be refused as another
        if len(names) >= self._args.max_voices:
            raise VoiceLimitReached(f"this server keeps {self._args.max_voices} voices at most")
        if key is None:
            return
        num_own = sum(_added_by(voice) == key.id for voice in self._store.list())
        if num_own >= self._args.max_voices_per_key:
            raise VoiceLimitReached(f"this key may have {self._args.max_voices_per_key} voices")

    async def _in_thread(self, work: Callable[[], T]) -> T:
        def guarded() -> T:
            with _store_errors():
                return work()

        # Shielded: what was begun is ended, though who asked has left.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._pool, guarded))


@contextlib.contextmanager
def _store_errors() -> Iterator[None]:
    """Tell of a failing store without telling where it is."""
    try:
        yield
    except PolyvoxError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            logger.error("the voice store is full: %s", error)  # noqa: TRY400  # nothing to trace
            raise VoiceStoreFull(
                "there is no room left to keep this voice; nothing of it was kept"
            ) from error
        if error.errno in _READ_ONLY:
            logger.error("the voice store is read-only: %s", error)  # noqa: TRY400
            raise VoiceStoreReadOnly("this server may read voices, and not change them") from error
        logger.exception("the voice store failed")
        raise VoiceStoreFailed(
            "the voice store failed; the server's log says why", retry_after_s=5
        ) from error


def _check_owner(voice: Voice, key: Key | None) -> None:
    if key is None or "admin" in key.scopes or _added_by(voice) == key.id:
        return
    raise NotYourVoice(
        f"another key, or nobody over HTTP, added {voice.name!r}; an admin's key may delete it"
    )


def _added_by(voice: Voice) -> str | None:
    return voice.consent.added_by if voice.consent else None


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
