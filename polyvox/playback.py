"""Speech out of this machine's loudspeaker, while it arrives."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from polyvox.errors import OutputFailed
from tts_core.errors import MissingDependency

PCM_RATE_HZ = 24_000
"""What servers speak at where they are asked for raw PCM."""

_BYTES_PER_SAMPLE = 2
_SLICE_BYTES = PCM_RATE_HZ // 20 * _BYTES_PER_SAMPLE  # 50 ms: how late an interruption is noticed
_INSTEAD = "write a file instead: -o speech.wav"


class Player:
    """Plays mono s16le PCM. Whoever writes waits for the device, and so does the server behind them.

    Args:
        stream: a started `sounddevice.RawOutputStream`.
        trouble: what the stream raises.
    """

    def __init__(self, stream: Any, trouble: type[Exception]) -> None:
        self._stream = stream
        self._trouble = trouble
        self._is_silenced = threading.Event()
        self._num_written = 0
        self._rest = b""

    @property
    def played_s(self) -> float:
        """How much was heard: what was written, less what the device still holds."""
        return max(0.0, self._num_written / PCM_RATE_HZ / _BYTES_PER_SAMPLE - float(self._stream.latency))

    def write(self, pcm: bytes, /) -> None:
        """Play these bytes, cut anywhere. Raises OutputFailed where the device goes away."""
        pcm = self._rest + pcm
        whole = len(pcm) - len(pcm) % _BYTES_PER_SAMPLE
        self._rest = pcm[whole:]
        for start in range(0, whole, _SLICE_BYTES):
            if self._is_silenced.is_set():
                return
            part = pcm[start : min(start + _SLICE_BYTES, whole)]
            with _told(self._trouble):
                self._stream.write(part)
            self._num_written += len(part)

    def silence(self) -> None:
        """Play nothing more; a writer in another thread returns soon."""
        self._is_silenced.set()

    def finish(self) -> None:
        """Return when all of it was heard."""
        with _told(self._trouble):
            self._stream.stop()


@contextlib.contextmanager
def open_player() -> Iterator[Player]:
    """Open the default device. What was written is heard to its end, unless the block ends with an error.

    Raises:
        MissingDependency: the library that plays isn't installed.
        OutputFailed: there is no device, or it can't be used.
    """
    sounddevice = _import_sounddevice()
    with _told(sounddevice.PortAudioError):
        stream = sounddevice.RawOutputStream(samplerate=PCM_RATE_HZ, channels=1, dtype="int16")
    try:
        with _told(sounddevice.PortAudioError):
            stream.start()
        player = Player(stream, sounddevice.PortAudioError)
        yield player
        player.finish()
    finally:
        with contextlib.suppress(sounddevice.PortAudioError):  # what matters was said already
            stream.abort()
            stream.close()


def _import_sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError as error:
        raise MissingDependency(
            f"playing needs sounddevice: pip install 'polyvox[playback]'; or {_INSTEAD}"
        ) from error
    except OSError as error:  # its wheels for Linux leave PortAudio to the system
        raise MissingDependency(
            f"playing needs PortAudio: apt-get install libportaudio2, or your system's package; or {_INSTEAD}"
        ) from error
    return sounddevice


@contextlib.contextmanager
def _told(trouble: type[Exception]) -> Iterator[None]:
    try:
        yield
    except trouble as error:
        reason = str(error) or type(error).__name__
        raise OutputFailed(f"no sound device can be used ({reason}); {_INSTEAD}") from error
