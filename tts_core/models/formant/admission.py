"""What a request must fulfil before the formant engine opens a stream for it, voice and slots aside."""

from __future__ import annotations

from collections.abc import Container

from tts_core.errors import EmptyInput, InvalidParameter, UnknownModel
from tts_core.models.formant.prosody import PITCH_RANGE, SPEED_RANGE
from tts_core.ranges import check_range
from tts_core.request import SynthesisRequest


def check_request(request: SynthesisRequest, model_name: str, open_ids: Container[str]) -> None:
    """Return if the request can be done.

    Raises:
        UnknownModel: it is meant for another engine.
        EmptyInput: it has no segments.
        InvalidParameter: its id is in use, speed or pitch are out of range, it gives phones, or it begins
            behind its last segment.
    """
    if request.model != model_name:
        raise UnknownModel(f"this engine is {model_name!r}, not {request.model!r}", param="model")
    if request.request_id in open_ids:
        raise InvalidParameter(f"request {request.request_id!r} is open already", param="request_id")
    if not request.segments:
        raise EmptyInput("there is nothing to speak", param="input")
    num_segments = len(request.segments)
    if not 0 <= request.first_segment < num_segments:
        raise InvalidParameter(
            f"first_segment must be below {num_segments}, not {request.first_segment}", param="first_segment"
        )
    _check_phones(request)
    check_range("speed", request.speed, *SPEED_RANGE)
    check_range("pitch", request.pitch, *PITCH_RANGE)


def _check_phones(request: SynthesisRequest) -> None:
    for param in ("lexicon", "inline_phones"):
        if getattr(request, param):
            raise InvalidParameter(
                f"model {request.model!r} reads words its own way: it takes no phones", param=param
            )
