"""Whether an audio file is all there.

libav plays what it finds: a download that broke off, or a file with a hole, decodes to shorter sound without
a word. Containers say in one way or another how much there should be; this holds them to it. Raw streams
(ADTS, AMR, MP3 without a Xing or VBRI header) and Matroska without a duration say nothing.
"""

from __future__ import annotations

import io
import struct

import av

from tts_core.audio.decoder import CONTAINED

# Encoder delay and padding (Opus 27 ms, AAC 48 ms) may count on one side only.
_TOLERANCE_S = 0.06
_MP3_HEADERS = (b"Xing", b"Info", b"VBRI")
_MP3_HEADER_BYTES = 256
_RIFF_UNKNOWN = 0x7FFF_0000
"""Streams that don't know their size write this much or more (or nothing)."""
_OGG_HEADER = struct.Struct("<4sBB8s4s4s4sB")
_OGG_LAST_PAGE = 0x04


def missing_part(data: bytes, duration_s: float) -> str | None:
    """Say what is missing of a file whose sound lasts `duration_s`, as "it announces ... and holds ...".

    Args:
        data: a file that libav has decoded.

    Returns:
        None where nothing is missing, or the format has no way to tell.
    """
    if data[:4] == b"RIFF" and len(data) < (announced := _riff_size(data)):
        return f"it announces {announced} bytes and holds {len(data)}"
    if data[:4] == b"OggS" and not _ends_ogg(data):
        return "it announces more Ogg pages and holds no last one"
    declared_s = _declared_duration_s(data)
    if declared_s is not None and duration_s < declared_s - _TOLERANCE_S:
        return f"it announces {declared_s:.2f} s and holds {duration_s:.2f} s"
    return None


def _riff_size(data: bytes) -> int:
    size = int.from_bytes(data[4:8], "little")
    return 0 if size >= _RIFF_UNKNOWN else size + 8


def _ends_ogg(data: bytes) -> bool:
    """Whether the file's last page is complete and marked as the stream's last."""
    page = data[data.rfind(b"OggS") :]
    if len(page) < _OGG_HEADER.size:
        return False
    flags, num_segments = page[5], page[_OGG_HEADER.size - 1]
    sizes = page[_OGG_HEADER.size : _OGG_HEADER.size + num_segments]
    num_bytes = _OGG_HEADER.size + num_segments + sum(sizes)
    return len(sizes) == num_segments and num_bytes <= len(page) and bool(flags & _OGG_LAST_PAGE)


def _declared_duration_s(data: bytes) -> float | None:
    with av.open(io.BytesIO(data), "r", options=dict(CONTAINED)) as container:
        kind = container.format.name
        stream = container.streams.audio[0]
        declared = [] if container.duration is None else [container.duration / av.time_base]
        if stream.duration is not None and stream.time_base is not None:
            declared.append(float(stream.duration * stream.time_base))
    if kind in ("aac", "amr") or (kind == "mp3" and not _counts_mp3_frames(data)):
        return None  # libav estimates these from the file's size
    return min(declared, default=None)


def _counts_mp3_frames(data: bytes) -> bool:
    """Whether the first frame, behind an ID3v2 tag if there is one, tells how many follow."""
    start = 0
    if data[:3] == b"ID3":
        size = 0
        for byte in data[6:10]:  # seven bits each
            size = size << 7 | byte & 0x7F
        start = 10 + size
    beginning = data[start : start + _MP3_HEADER_BYTES]
    return any(header in beginning for header in _MP3_HEADERS)
