"""What a replica's stream carries: one opening, chunks of audio, one end. Without an end it was cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tts_core.engine.chunks import AudioChunk
from tts_core.errors import PolyvoxError, error_from_description


@dataclass(frozen=True)
class CreditAddress:
    """Where a replica listens for credit, and under which id it knows a stream.

    Attributes:
        host, port: of its socket.
        stream_id: a secret between the two.
        replica: Serve's unique id of it; "" says that it gives no signs of life.
    """

    host: str
    port: int
    stream_id: bytes
    replica: str = ""


@dataclass(frozen=True)
class StreamOpened:
    """The request is admitted; audio follows.

    Attributes:
        sample_rate_hz: of the audio.
        credit: where to say what was delivered.
        fingerprint: see `SpeechStream`.
        num_free, soonest_s: what room its replica has beside it, see `Room`; None for one that can't tell.
            Numbers, and by default: during an update ingresses and replicas may be older than each other.
    """

    sample_rate_hz: int
    credit: CreditAddress
    fingerprint: str = ""
    num_free: int | None = None
    soonest_s: float = 0.0


@dataclass(frozen=True)
class StreamEnded:
    """The audio is complete.

    Attributes:
        num_samples: how much of it there was.
        num_dropped: letters and digits of the text that its language can't speak, and that were left out.
    """

    num_samples: int
    num_dropped: int = 0


@dataclass(frozen=True)
class StreamFailed:
    """The audio can't be completed. An item, not an exception: it arrives whole on every transport.

    Attributes:
        description: of the error.
        replica: Serve's unique id of the one that says so.
    """

    description: dict[str, Any]
    replica: str = ""

    @classmethod
    def of(cls, error: PolyvoxError, replica: str = "") -> StreamFailed:
        return cls(error.describe(), replica)

    def error(self) -> PolyvoxError:
        return error_from_description(self.description)


StreamItem = StreamOpened | AudioChunk | StreamEnded | StreamFailed
