"""How a stream of speech is getting on, on stderr."""

from __future__ import annotations

import time
from types import TracebackType

from rich.status import Status

from polyvox.console import err, note
from tts_core.audio.formats import AudioFormat

# Over HTTP only these tell how much audio their bytes hold.
_BYTES_PER_SECOND = {AudioFormat.PCM: 48_000, AudioFormat.WAV: 48_000}


class SpeechProgress:
    """Bytes, seconds of audio where they are known, and the time to the first of them.

    The line is alive on a terminal; elsewhere only the summary is written.
    """

    def __init__(self, target: str, audio_format: AudioFormat, *, quiet: bool) -> None:
        self._target = target
        self._bytes_per_second = _BYTES_PER_SECOND.get(audio_format)
        self._quiet = quiet
        self._status = Status("waiting for the first audio", console=err)
        self._began_at = time.monotonic()
        self._first_after_s: float | None = None
        self._num_bytes = 0
        self._audio_s: float | None = None

    def __enter__(self) -> SpeechProgress:
        if not self._quiet:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()
        if kind is None and not self._quiet:
            took_s = time.monotonic() - self._began_at
            note(f"{self._target}: {self._describe()}, complete after {took_s:.2f} s")

    def update(self, num_bytes: int, audio_s: float | None = None) -> None:
        """Note that bytes arrived, and how many seconds of audio there are now, if that is known."""
        if self._first_after_s is None and num_bytes:
            self._first_after_s = time.monotonic() - self._began_at
        self._num_bytes += num_bytes
        self._audio_s = self._num_bytes / self._bytes_per_second if self._bytes_per_second else audio_s
        if self._num_bytes:
            self._status.update(self._describe())

    def _describe(self) -> str:
        parts = [f"{self._num_bytes / 1000:,.1f} kB"]
        if self._audio_s is not None:
            parts.append(f"{self._audio_s:.2f} s of audio")
        if self._first_after_s is not None:
            parts.append(f"first audio after {self._first_after_s:.2f} s")
        return ", ".join(parts)
