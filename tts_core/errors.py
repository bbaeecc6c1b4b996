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
    """What was asked for can't be done as asked."""

    code = "invalid_request"


class MalformedBody(RequestError):
    """The body isn't what the route reads, such as a JSON object."""

    code = "malformed_body"


class BodyTooLarge(RequestError):
    """The body is larger than the server takes."""

    code = "body_too_large"


class EmptyInput(RequestError):
    """There is nothing in the text to speak."""

    code = "empty_input"


class InputTooLong(RequestError):
    """The text is longer than the server or the model takes."""

    code = "input_too_long"


class InvalidParameter(RequestError):
    """A parameter is missing, of the wrong kind or out of range; `param` names it."""

    code = "invalid_parameter"


class UnsupportedFormat(RequestError):
    """The audio format isn't one that this route gives."""

    code = "unsupported_format"


class UnsupportedLanguage(RequestError):
    """The model or the voice doesn't speak this language."""

    code = "unsupported_language"


class InvalidVoice(RequestError):
    """A recording, or what is said of it, doesn't make a voice."""

    code = "invalid_voice"


class VoiceExists(InvalidVoice):
    """The name belongs to another voice."""

    code = "voice_exists"


class VoiceDamaged(InvalidVoice):
    """What is kept of a voice has been changed or lost."""

    code = "voice_damaged"


class UnknownVoice(RequestError):
    """There is no voice, and no alias of one, by this name."""

    code = "unknown_voice"


class UnknownModel(RequestError):
    """There is no model, and no alias of one, by this name."""

    code = "unknown_model"


class UnknownSpeech(RequestError):
    """No speech by this name can be gone on with here: repeat the request."""

    code = "unknown_speech"


class OffsetBeyondEnd(RequestError):
    """The speech that is to go on ends before that sample."""

    code = "offset_beyond_end"


class Overloaded(PolyvoxError):
    """Every slot is taken; `retry_after_s` says when one is expected."""

    code = "overloaded"


class SpeechError(PolyvoxError):
    """Speech was begun and can't go on."""

    code = "speech_failed"


class SegmentFailed(SpeechError):
    """A segment of the text couldn't be spoken."""

    code = "segment_failed"


class EngineStopped(SpeechError):
    """The engine that was speaking has stopped, or there is none."""

    code = "engine_stopped"


class EnginePoisoned(SpeechError):
    """The engine's device or its own state failed; all its streams end and it is replaced."""

    code = "engine_poisoned"


class StreamInterrupted(SpeechError):
    """The audio broke off and no replica could go on with it."""

    code = "stream_interrupted"


class SpeechChanged(SpeechError):
    """Who could go on with it would speak otherwise than who began."""

    code = "speech_changed"


class SetupError(PolyvoxError):
    """This machine or its configuration can't run what was asked for."""

    code = "setup_failed"


class InvalidConfig(SetupError):
    """The configuration, or a file that it names, is wrong."""

    code = "invalid_config"


class MissingDependency(SetupError):
    """A package or program that is needed isn't installed."""

    code = "missing_dependency"


class MissingWeights(SetupError):
    """Files of weights aren't where the configuration says."""

    code = "missing_weights"


class InvalidCheckpoint(SetupError):
    """A file of weights isn't what it is said to be, or is damaged."""

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
