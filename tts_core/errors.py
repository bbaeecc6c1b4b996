"""Every error that a listener can meet, with the stable code that names it.

    PolyvoxError
    ├── RequestError                what was asked for can't be done as asked
    │   ├── MalformedBody           malformed_body
    │   ├── BodyTooLarge            body_too_large
    │   ├── EmptyInput              empty_input
    │   ├── InputTooLong            input_too_long
    │   ├── InvalidParameter        invalid_parameter
    │   ├── UnsupportedFormat       unsupported_format
    │   ├── UnsupportedLanguage     unsupported_language
    │   ├── InvalidVoice            invalid_voice
    │   │   ├── VoiceExists         voice_exists
    │   │   └── VoiceDamaged        voice_damaged
    │   ├── UnknownVoice            unknown_voice
    │   ├── UnknownModel            unknown_model
    │   ├── UnknownSpeech           unknown_speech
    │   └── OffsetBeyondEnd         offset_beyond_end
    ├── Overloaded                  overloaded
    ├── SpeechError                 speech was begun and can't go on
    │   ├── SegmentFailed           segment_failed
    │   ├── EngineStopped           engine_stopped
    │   ├── EnginePoisoned          engine_poisoned
    │   ├── StreamInterrupted       stream_interrupted
    │   └── SpeechChanged           speech_changed
    └── SetupError                  this machine or its configuration can't run what was asked for
        ├── InvalidConfig           invalid_config
        ├── MissingDependency       missing_dependency
        ├── MissingWeights          missing_weights
        └── InvalidCheckpoint       invalid_checkpoint

Codes are mapped to HTTP at the edge and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar


class PolyvoxError(Exception):
    """The root. `code` is stable across releases; the message is for people and may change.

    Args:
        message: one sentence that says what was expected and what was found.
        param: the request parameter or file at fault, where there is one.
        retry_after_s: seconds after which the same request may succeed.
    """

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, *, param: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by description: an error crosses processes, and keyword arguments are lost by default."""
        return error_from_description, (self.describe(),)

    def describe(self) -> dict[str, Any]:
        """Return the error as plain values, for a stream item or a log line."""
        return {
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "retry_after_s": self.retry_after_s,
        }


class RequestError(PolyvoxError):
    code = "invalid_request"


class MalformedBody(RequestError):
    code = "malformed_body"


class BodyTooLarge(RequestError):
    code = "body_too_large"


class EmptyInput(RequestError):
    code = "empty_input"


class InputTooLong(RequestError):
    code = "input_too_long"


class InvalidParameter(RequestError):
    code = "invalid_parameter"


class UnsupportedFormat(RequestError):
    code = "unsupported_format"


class UnsupportedLanguage(RequestError):
    code = "unsupported_language"


class InvalidVoice(RequestError):
    code = "invalid_voice"


class VoiceExists(InvalidVoice):
    code = "voice_exists"


class VoiceDamaged(InvalidVoice):
    code = "voice_damaged"


class UnknownVoice(RequestError):
    code = "unknown_voice"


class UnknownModel(RequestError):
    code = "unknown_model"


class UnknownSpeech(RequestError):
    code = "unknown_speech"


class OffsetBeyondEnd(RequestError):
    code = "offset_beyond_end"


class Overloaded(PolyvoxError):
    code = "overloaded"


class SpeechError(PolyvoxError):
    code = "speech_failed"


class SegmentFailed(SpeechError):
    code = "segment_failed"


class EngineStopped(SpeechError):
    code = "engine_stopped"


class EnginePoisoned(SpeechError):
    code = "engine_poisoned"


class StreamInterrupted(SpeechError):
    code = "stream_interrupted"


class SpeechChanged(SpeechError):
    """Who could go on with it would speak otherwise than who began."""

    code = "speech_changed"


class SetupError(PolyvoxError):
    code = "setup_failed"


class InvalidConfig(SetupError):
    code = "invalid_config"


class MissingDependency(SetupError):
    code = "missing_dependency"


class MissingWeights(SetupError):
    code = "missing_weights"


class InvalidCheckpoint(SetupError):
    code = "invalid_checkpoint"


def error_types() -> Iterator[type[PolyvoxError]]:
    """Yield every class of the tree, root first."""
    pending: list[type[PolyvoxError]] = [PolyvoxError]
    while pending:
        kind = pending.pop()
        yield kind
        pending.extend(kind.__subclasses__())


def error_from_description(description: dict[str, Any]) -> PolyvoxError:
    """Rebuild an error from `PolyvoxError.describe`. An unknown code becomes the root class."""
    by_code = {kind.code: kind for kind in error_types()}
    kind = by_code.get(description["code"], PolyvoxError)
    return kind(
        description["message"], param=description["param"], retry_after_s=description["retry_after_s"]
    )
