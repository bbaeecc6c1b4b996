"""When each character is heard, as ElevenLabs' clients are told."""

from __future__ import annotations

from deployments.websocket.events import WordsHeard


def alignment_of(event: WordsHeard) -> dict[str, list[str] | list[int]]:
    """Return a stretch's characters, and for each the millisecond at which it begins and how many it takes.

    Counted from the stretch's beginning, which is the end of the one before. The characters of a word share
    its time, and what stands between words shares the time between them.
    """
    chars = event.clause.text[event.first : event.last]
    begins = [round(1000 * second) for second in _begins(event)]
    ends = [*begins[1:], round(1000 * (event.until_s - event.from_s))]
    durations = [max(0, end - begin) for begin, end in zip(begins, ends, strict=True)]
    return {"chars": list(chars), "charStartTimesMs": begins, "charDurationsMs": durations}


def _begins(event: WordsHeard) -> list[float]:
    """Return when each character begins, in seconds from the stretch's beginning, in order."""
    begins: list[float] = []
    at_char, at_s = event.first, event.from_s
    for word in event.words:
        begins += _spread(at_s, max(at_s, word.start_s), word.start - at_char)
        begins += _spread(max(at_s, word.start_s), word.end_s, word.end - word.start)
        at_char, at_s = word.end, max(at_s, word.end_s)
    begins += _spread(at_s, max(at_s, event.until_s), event.last - at_char)
    return [begin - event.from_s for begin in begins]


def _spread(start_s: float, end_s: float, count: int) -> list[float]:
    return [start_s + (end_s - start_s) * index / count for index in range(count)]
