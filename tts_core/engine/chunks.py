"""What a stream's audio is handed on in, and what is known of the places in it."""

from __future__ import annotations

from dataclasses import dataclass

from tts_core.timing.marks import Cue

BYTES_PER_SAMPLE = 2


@dataclass(frozen=True)
class SegmentMark:
    """Where a segment begins: from there on, the audio can be made again without what came before.

    Attributes:
        segment: which one.
        start_sample: position of its first sample in the stream.
        num_dropped: letters and digits of the text before it that the stream leaves out.
        codes: its tokens, if it has any, and they were complete by then.
    """

    segment: int
    start_sample: int
    num_dropped: int = 0
    codes: tuple[int, ...] = ()


@dataclass(frozen=True)
class AudioChunk:
    """Consecutive samples of a stream's audio.

    Attributes:
        pcm: mono 16-bit little-endian samples.
        start_sample: position of the first of them in the stream.
        marks: segments that begin among them.
        cues: what is said of the words in them, where that was asked for.
    """

    pcm: bytes
    start_sample: int
    marks: tuple[SegmentMark, ...] = ()
    cues: tuple[Cue, ...] = ()

    @property
    def num_samples(self) -> int:
        return len(self.pcm) // BYTES_PER_SAMPLE
