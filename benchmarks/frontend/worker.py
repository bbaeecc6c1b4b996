"""One language in a process of its own, which starts with nothing loaded: `worker LANGUAGE CHARS SEED`.

Prints one JSON object: see `measure`. CPU times are the process's own, so that a busy machine doesn't count.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass

import psutil

from benchmarks.frontend.texts import sentences
from tts_core.errors import PolyvoxError
from tts_core.frontend.pipeline import phonemize

_FIRST_CHARS = 1


@dataclass(frozen=True)
class Measured:
    """One language, once.

    Attributes:
        cold_s: from nothing to the phones of the first sentence, by the clock on the wall.
        cold_cpu_s: the CPU time of that.
        first_chars_per_s: characters per second of CPU time, in the first dozen sentences, every word
            of which is new and every cache empty.
        later_chars_per_s: the same for all of the text, where only the numbers are new.
        bytes_before: resident memory with no language loaded.
        bytes_loaded: after the first sentence.
        bytes_after: after everything, caches filled, and English loaded for the English words.
    """

    cold_s: float
    cold_cpu_s: float
    first_chars_per_s: float
    later_chars_per_s: float
    bytes_before: int
    bytes_loaded: int
    bytes_after: int


def measure(language: str, num_chars: int, seed: int) -> Measured:
    """Load a language and read text in it.

    Raises:
        MissingDependency: one of its packages isn't installed.
    """
    before = _resident_bytes()
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    _read(language, list(sentences(language, _FIRST_CHARS, seed)))
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    loaded = _resident_bytes()
    _read("en", list(sentences("en", _FIRST_CHARS, seed)))  # other languages hold English words
    every = list(dict.fromkeys(sentences(language, num_chars, seed)))
    new = every[1 : _num_different(language, seed)]
    return Measured(
        cold_s=wall_s,
        cold_cpu_s=cpu_s,
        first_chars_per_s=_read(language, new),
        later_chars_per_s=_read(language, every),
        bytes_before=before,
        bytes_loaded=loaded,
        bytes_after=_resident_bytes(),
    )


def _num_different(language: str, seed: int) -> int:
    """Return how many sentences there are before they come round again with other numbers."""
    seen = list(sentences(language, 1 << 16, seed))
    return seen.index(seen[0], 1) if seen[0] in seen[1:] else len(seen)


def _read(language: str, texts: list[str]) -> float:
    """Return the characters per second of CPU time."""
    started = time.process_time()
    for text in texts:
        phonemize(text, language)
    return sum(map(len, texts)) / max(time.process_time() - started, 1e-9)


def _resident_bytes() -> int:
    resident: int = psutil.Process().memory_info().rss
    return resident


def main() -> None:
    """Measure what the command line names; a language that can't be loaded is `{"error": ...}`."""
    language, num_chars, seed = sys.argv[1:]
    try:
        answer = asdict(measure(language, int(num_chars), int(seed)))
    except PolyvoxError as error:
        answer = {"error": error.message}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
