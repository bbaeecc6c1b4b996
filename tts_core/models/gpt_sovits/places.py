"""Where the pieces of a request stand in its text. Cutting changes marks, and never a letter or digit."""

from __future__ import annotations

from collections.abc import Iterable

from tts_core.frontend.words import Extent


def places_of(pieces: Iterable[str], text: str) -> list[Extent]:
    """Return for each piece, in order, from which character of `text` to before which its letters stand."""
    letters = [index for index, char in enumerate(text) if char.isalnum()]
    spelled = "".join(text[index] for index in letters)
    places: list[Extent] = []
    done = 0
    for piece in pieces:
        own = "".join(filter(str.isalnum, piece))
        found = spelled.find(own, done)
        if found < 0 or not own:
            places.append((0, 0))
            continue
        done = found + len(own)
        places.append((letters[found], letters[done - 1] + 1))
    return places
