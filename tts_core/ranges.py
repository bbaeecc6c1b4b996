"""Numbers that must lie within bounds, and how one that doesn't is told of."""

from __future__ import annotations

from tts_core.errors import InvalidParameter


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Return if a parameter is from `low` to `high`. NaN is nowhere.

    Raises:
        InvalidParameter: it isn't.
    """
    if not low <= value <= high:
        raise InvalidParameter(f"{name} must be from {low:g} to {high:g}, not {shown(value)}", param=name)


def shown(value: float) -> str:
    """Return a number as messages show it: an integer may be too long to be a float, or to be written out."""
    try:
        return f"{value:g}"
    except OverflowError:
        return "a number of hundreds of digits"
