"""Requests that the server must refuse, each with its stable code, whoever else is being spoken to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What is wrong with a request that would be fine without, and how it must be answered."""

    name: str
    changes: dict[str, Any]
    status: int
    code: str


FAULTS = (
    Fault("unknown voice", {"voice": "nobody-of-this-name"}, 404, "unknown_voice"),
    Fault("unknown model", {"model": "nothing-of-this-name"}, 404, "unknown_model"),
    Fault("unknown language", {"language": "xx-nowhere"}, 400, "unsupported_language"),
    Fault("no input", {"input": ""}, 400, "empty_input"),
    Fault("nothing to speak", {"input": " ...!? "}, 400, "empty_input"),
    Fault("input of another type", {"input": 5}, 400, "invalid_parameter"),
    Fault("speed out of range", {"speed": 99.0}, 400, "invalid_parameter"),
    Fault("seed out of range", {"seed": -2}, 400, "invalid_parameter"),
    Fault("sampling out of range", {"top_k": 0}, 400, "invalid_parameter"),
    Fault("no such format", {"response_format": "midi"}, 400, "unsupported_format"),
)
