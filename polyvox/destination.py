"""Where speech goes: a file or a pipe, the loudspeaker, or both."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from polyvox.console import note
from polyvox.output import STDOUT, Output, open_output
from polyvox.playback import PCM_RATE_HZ, Player, open_player
from tts_core.audio.formats import AudioFormat

if TYPE_CHECKING:
    from tts_core.audio.encoder import StreamEncoder

LOUDSPEAKER = "loudspeaker"


@dataclass(frozen=True)
class Destination:
    """Takes what a server sends.

    Attributes:
        name: for people.
        wire_format: what to ask the server for.
        write: takes it, cut anywhere.
        player: where it is heard, if it is.
    """

    name: str
    wire_format: AudioFormat
    write: Callable[[bytes], None]
    player: Player | None = None

    def silence(self) -> None:
        """Play nothing more, where anything plays."""
        if self.player is not None:
            self.player.silence()

    def played_ms(self) -> int | None:
        """Return how much was heard; None where nobody listens here."""
        return None if self.player is None else round(self.player.played_s * 1e3)

    def interrupted(self, spoken_text: str) -> None:
        """Say how far a listener got before they had heard enough."""
        note(f"interrupted; heard: {spoken_text}" if spoken_text else "interrupted before anything was heard")

    def heard_with(self, watch: Callable[[int], None]) -> Destination:
        """Return the same one, with somebody told of each number of bytes."""

        def write(data: bytes) -> None:
            watch(len(data))
            self.write(data)

        return replace(self, write=write)


@contextlib.contextmanager
def open_destination(output: str | None, audio_format: AudioFormat, *, plays: bool) -> Iterator[Destination]:
    """Open a file or pipe for audio in a format, the loudspeaker, or both.

    What plays comes as PCM, and is encoded for the file here: with the server's own encoders, so the file is
    the one that the server would have sent.

    Raises:
        OutputFailed: the file or the device can't be used.
        MissingDependency: nothing here can play.
    """
    with contextlib.ExitStack() as stack:
        name = "stdout" if output == STDOUT else output
        if not plays:
            assert name is not None
            target = stack.enter_context(open_output(str(output)))
            yield Destination(name, audio_format, _ignoring_result(target))
            return
        file = None if output is None else stack.enter_context(open_output(output))
        player = stack.enter_context(open_player())
        tee = _Tee(player, file, audio_format)
        both = LOUDSPEAKER if name is None else f"{name} and {LOUDSPEAKER}"
        yield Destination(both, AudioFormat.PCM, tee.write, player)
        tee.finish()


def _ignoring_result(target: Output) -> Callable[[bytes], None]:
    def write(data: bytes) -> None:
        target.write(data)

    return write


class _Tee:
    """Writes PCM to a player, and encoded to a file."""

    def __init__(self, player: Player, file: Output | None, audio_format: AudioFormat) -> None:
        self._player, self._file = player, file
        self._rest = b""
        self._encoder: StreamEncoder | None = None
        if file is not None:
            from tts_core.audio.encoder import StreamEncoder

            self._encoder = StreamEncoder(audio_format, PCM_RATE_HZ)

    def write(self, pcm: bytes) -> None:
        if self._encoder is not None and self._file is not None:
            data = self._rest + pcm
            whole = len(data) - len(data) % 2
            self._rest = data[whole:]
            self._file.write(self._encoder.encode(data[:whole]))
        self._player.write(pcm)

    def finish(self) -> None:
        if self._encoder is not None and self._file is not None:
            self._file.write(self._encoder.finish())
