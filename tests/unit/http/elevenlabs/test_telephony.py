"""G.711 against the values that its tables give."""

from __future__ import annotations

import numpy as np

from deployments.http.elevenlabs.telephony import LawEncoder, a_law, mu_law


def decode_mu_law(code: int) -> int:
    """Return the sample of a code, by the definition: 14 bits, here times 4."""
    flipped = ~code & 0xFF
    magnitude = (((flipped & 0x0F) << 3) + 132 << (flipped >> 4 & 7)) - 132
    return -magnitude if flipped & 0x80 else magnitude


def decode_a_law(code: int) -> int:
    """Return the sample of a code, by the definition: 13 bits, here times 8."""
    flipped = code ^ 0x55
    exponent, mantissa = flipped >> 4 & 7, flipped & 0x0F
    magnitude = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return magnitude if flipped & 0x80 else -magnitude


SAMPLES = np.arange(-32_768, 32_768, 3).astype(np.int16)


def test_known_codes() -> None:
    known = np.array([0, -1, 32_767, -32_768], np.int16)
    assert mu_law(known).tolist() == [0xFF, 0x7F, 0x80, 0x00]
    assert a_law(known).tolist() == [0xD5, 0x55, 0xAA, 0x2A]


def test_decoded_samples_are_near() -> None:
    for law, decode in ((mu_law, decode_mu_law), (a_law, decode_a_law)):
        decoded = np.array([decode(int(code)) for code in law(SAMPLES)])
        wide = SAMPLES.astype(np.int32)
        assert np.all(np.abs(decoded - wide) <= np.maximum(np.abs(wide) / 16, 16) + 4)


def test_a_stream_is_the_same_however_it_is_cut() -> None:
    pcm = (8000 * np.sin(np.arange(24_000) / 20)).astype("<i2").tobytes()

    def encoded(size: int) -> bytes:
        encoder = LawEncoder(mu_law, 24_000)
        parts = [encoder.encode(pcm[start : start + size]) for start in range(0, len(pcm), size)]
        return b"".join([*parts, encoder.finish()])

    assert encoded(len(pcm)) == encoded(1234)
    assert len(encoded(400)) == 8000
