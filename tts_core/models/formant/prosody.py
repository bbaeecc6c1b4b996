"""From a request's factors of speed and pitch to the library's own units, and the text that it may see.

Speed: espeak-ng is asked for 175 words a minute times the factor. Its durations follow within 8 % between 0.6
and 1.5 for all languages tried. Beyond that they drift (at 2.5, Mandarin is 30 % too fast and Russian 12 %
too slow) and stop at 80 words a minute, so libsonic does the rest on the samples.

Pitch: espeak-ng's pitch moves the base of the intonation by an octave each way, but not its span, so 0 and 99
alone give 0.68 and 1.66 of the voice's own median. Here the span is scaled too. Measured by autocorrelation,
factors from 0.6 to 1.8 are met within 5 % by most voices (9 % at worst); 0.5 gives about 0.58, 2.0 about 1.8.
"""

from __future__ import annotations

import math
import re
import unicodedata

NORMAL_RATE_WPM = 175
SPEED_RANGE = (0.25, 4.0)
PITCH_RANGE = (0.5, 2.0)

_NATIVE_RATES_WPM = (105, 262)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Of a voice's usual median pitch, this part stays when base and span go to 0: see SetPitch2 in wavegen.c.
_FIXED_PITCH = 0.19


def rate_for(speed: float) -> tuple[int, float]:
    """Return words per minute for espeak-ng, and the factor that libsonic adds."""
    wanted = NORMAL_RATE_WPM * speed
    slowest, fastest = _NATIVE_RATES_WPM
    if slowest <= wanted <= fastest:
        return round(wanted), 1.0
    native = slowest if wanted < slowest else fastest
    return native, wanted / native


def pitch_for(factor: float) -> tuple[int, int]:
    """Return espeak-ng's pitch (50 is the voice's own, 100 an octave up) and its span (50 is the own)."""
    base = factor + (factor - 1.0) * _FIXED_PITCH / (1.0 - _FIXED_PITCH)
    octaves = math.log2(max(base, 0.5))
    return min(round(50 + 50 * octaves), 99), min(round(50 * factor), 99)


def plain_text(text: str) -> str:
    """Return text in which nothing is a command, and which can be encoded.

    Control characters become spaces: espeak-ng obeys U+0001 as the start of a command, and ends at U+0000.
    Halves of a surrogate pair are joined, and lone ones become U+FFFD, which is mute.
    """
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _CONTROLS.sub(" ", joined)


def ends_in_punctuation(text: str) -> bool:
    """Tell whether a pause belongs after `text`: a piece cut for its length alone goes on at once."""
    last = text.rstrip()[-1:]
    return bool(last) and unicodedata.category(last)[0] not in "LMN"
