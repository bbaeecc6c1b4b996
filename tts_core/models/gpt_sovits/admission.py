"""What a request must fulfil before the GPT-SoVITS engine opens a stream for it, slots aside."""

from __future__ import annotations

from collections.abc import Container, Iterable

from tts_core.errors import EmptyInput, InvalidParameter, UnknownModel, UnknownVoice
from tts_core.frontend.languages import canonical_language
from tts_core.ranges import check_range, shown
from tts_core.request import SynthesisRequest
from tts_core.voice import VoiceInfo

SPEED_RANGE = (0.25, 4.0)
PAUSE_RANGE_S = (0.0, 60.0)


def check_request(
    request: SynthesisRequest, model_name: str, voices: Iterable[VoiceInfo], open_ids: Container[str]
) -> str:
    """Return the language to read the text as: the request's, or else its voice's own.

    Raises:
        UnknownModel: it is meant for another engine.
        UnknownVoice: there is no such voice.
        UnsupportedLanguage: the language isn't spoken here.
        EmptyInput: it has no segments, or a blank one.
        InvalidParameter: its id is in use, the speed or the pause is out of range, or the pitch isn't 1.
    """
    if request.model != model_name:
        raise UnknownModel(f"this engine is {model_name!r}, not {request.model!r}", param="model")
    if request.request_id in open_ids:
        raise InvalidParameter(f"request {request.request_id!r} is open already", param="request_id")
    if not request.segments or not all(segment.text.strip() for segment in request.segments):
        raise EmptyInput("there is nothing to speak", param="input")
    check_speed(request.speed)
    if request.pause_s is not None:
        check_range("pause_s", request.pause_s, *PAUSE_RANGE_S)
    if request.pitch != 1.0:
        raise InvalidParameter(
            f"GPT-SoVITS can't change pitch: it must be 1, not {shown(request.pitch)}", param="pitch"
        )
    voice = _voice(request.voice, voices)
    return canonical_language(request.language or voice.language)


def check_speed(speed: float) -> None:
    """Raise InvalidParameter if a speed is out of range."""
    check_range("speed", speed, *SPEED_RANGE)


def _voice(voice_id: str, voices: Iterable[VoiceInfo]) -> VoiceInfo:
    for voice in voices:
        if voice.id == voice_id:
            return voice
    raise UnknownVoice(f"there is no voice {voice_id!r}", param="voice")
