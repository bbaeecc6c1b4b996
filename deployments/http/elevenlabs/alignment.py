"""When each character of a text is heard, as ElevenLabs' clients over HTTP are told."""

from __future__ import annotations

from deployments.http.captions import Captions

Told = dict[str, list[str] | list[float]]


class Alignment:
    """Tells of every character once, in order, as the words of a speech come to be known.

    Times are seconds from the beginning of the audio. The characters of a word share its time, and what
    stands between words shares the time between them.

    Args:
        captions: collected while the speech is read; of the text as it was written.
        text: the same text.
    """

    def __init__(self, captions: Captions, text: str) -> None:
        self._captions, self._text = captions, text
        self._num_words, self._at_char, self._at_s = 0, 0, 0.0

    def news(self) -> Told | None:
        """Return the characters that are known by now and weren't told before, if there are any."""
        edges = self._pass_words()
        return self._told(edges) if edges else None

    def rest(self, audio_s: float) -> Told | None:
        """Return all that is left, where the audio is over after so many seconds."""
        edges = self._pass_words() + self._pass(len(self._text), audio_s)
        return self._told(edges) if edges else None

    def _pass_words(self) -> list[float]:
        edges: list[float] = []
        for caption in self._captions.words[self._num_words :]:
            self._num_words += 1
            word = self._captions.described(caption)
            # What is spoken and wasn't written has no characters.
            if word["end_char"] is not None and word["end_char"] > self._at_char:
                edges += self._pass(word["start_char"], caption.start_s)
                edges += self._pass(word["end_char"], caption.end_s)
        return edges

    def _pass(self, char: int, until_s: float) -> list[float]:
        """Go on to a character, and return when each before it begins."""
        num_chars, from_s = char - self._at_char, self._at_s
        if num_chars < 0:
            return []
        self._at_char, self._at_s = char, max(from_s, until_s)
        length_s = self._at_s - from_s
        return [from_s + length_s * index / num_chars for index in range(num_chars)]

    def _told(self, begins: list[float]) -> Told:
        ends = [*begins[1:], self._at_s]
        return {
            "characters": list(self._text[self._at_char - len(begins) : self._at_char]),
            "character_start_times_seconds": [*map(_whole_ms, begins)],
            "character_end_times_seconds": [*map(_whole_ms, ends)],
        }


def _whole_ms(seconds: float) -> float:
    """Round down: nothing is heard after the end of the audio."""
    return int(seconds * 1000 + 1e-6) / 1000
