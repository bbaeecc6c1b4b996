"""What a request to speak may say, in the spelling of any of the dialects."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from deployments.http.errors import from_findings
from deployments.http.gpt_sovits.languages import language_code
from deployments.http.sampling import SamplingFields
from deployments.http.text_fields import TextFields
from tts_core.errors import InvalidParameter

MAX_AUX = 8
_MODES = {"false": 0, "no": 0, "off": 0, "f": 0, "n": 0, "true": 1, "yes": 1, "on": 1, "t": 1, "y": 1, "": 0}
_VERBATIM = frozenset({"text", "ref_audio_path"})
# How the dialects beside api_v2 spell what api_v2 has a word for; those named first go first.
_SPELLINGS = {
    "refer_wav_path": "ref_audio_path",
    "target_voice": "ref_audio_path",
    "cha_name": "ref_audio_path",
    "character": "ref_audio_path",
    "inp_refs": "aux_ref_audio_paths",
    "text_language": "text_lang",
    "prompt_language": "prompt_lang",
    "prompt_text_lang": "prompt_lang",
    "speed": "speed_factor",
    "speed_facter": "speed_factor",
    "stream": "streaming_mode",
}
# Who names a voice by one of these may leave the language to the text.
_CHARACTERS = frozenset({"target_voice", "cha_name", "character"})

MAX_PATH_CHARS = 1000
Path = Annotated[str, Field(max_length=MAX_PATH_CHARS)]


def _mode(value: Any) -> Any:
    """`streaming_mode` is a boolean, a number from 0 to 3, or either as a string."""
    return _MODES.get(value.strip().lower(), value) if isinstance(value, str) else value


def _lowered(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _language(value: Any) -> Any:
    return language_code(value) if isinstance(value, str) else value


def _paths(value: Any) -> Any:
    """Take one path for a list of one, a JSON list for what it says, and leave out what is empty."""
    values = value if isinstance(value, list) else [value]
    return [path for one in values for path in _listed(one) if path not in (None, "")]


def _listed(value: Any) -> list[Any]:
    # A file may be called `[happy]ann.wav`.
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        with contextlib.suppress(ValueError, RecursionError):
            return list(json.loads(value))
    return [value]


class SpeakRequest(SamplingFields, TextFields):
    """Parameters of `/tts` that have a meaning here. All others are ignored, known to GPT-SoVITS or not."""

    model_config = ConfigDict(str_strip_whitespace=False)

    text: str
    text_lang: Annotated[str, BeforeValidator(_language), Field(min_length=1, max_length=200)]
    ref_audio_path: Path = Field("", description="A voice: its id, or the name of its reference's file.")
    prompt_text: str = Field("", description="What the reference says, if not what the voice says of it.")
    prompt_lang: Annotated[str, BeforeValidator(_language), Field(max_length=200)] = ""
    aux_ref_audio_paths: Annotated[list[Path], BeforeValidator(_paths), Field(max_length=MAX_AUX)] = Field(
        [], description="Further voices whose references shape the timbre."
    )
    media_type: Annotated[str, BeforeValidator(_lowered)] = "wav"
    streaming_mode: Annotated[
        int,
        BeforeValidator(_mode),
        Field(
            ge=0, le=3, description="0 answers whole, 1 and 2 stream, 3 streams with the first audio early."
        ),
    ] = 0
    text_split_method: Annotated[
        Literal["cut0", "cut1", "cut2", "cut3", "cut4", "cut5"] | None, BeforeValidator(_lowered)
    ] = Field(None, description="Accepted; texts are cut at the ends of their sentences.")
    speed_factor: Annotated[float, Field(ge=0.25, le=4.0, allow_inf_nan=False)] = 1.0
    fragment_interval: Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)] | None = Field(
        None, description="Seconds of silence between sentences."
    )
    seed: int = -1
    gpt_weights: Path = Field("", description="As /set_gpt_weights, for this request alone.")
    sovits_weights: Path = Field("", description="As /set_sovits_weights, for this request alone.")

    @model_validator(mode="before")
    @classmethod
    def _in_one_spelling(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        given = {name: value for name, value in values.items() if not _is_absent(name, value)}
        for spelling, name in _SPELLINGS.items():
            if spelling in given:
                given.setdefault(name, given[spelling])
        if not _CHARACTERS.isdisjoint(given):
            given.setdefault("text_lang", "auto")
        return given


def _is_absent(name: str, value: Any) -> bool:
    """Whether a client sent this for what it doesn't set; some write `None` in full."""
    if name == "text":
        return False
    if isinstance(value, str) and name not in _VERBATIM:
        return value.strip().lower() in ("", "none", "null")
    return value is None or value == ""


Fields = TypeVar("Fields", bound=BaseModel)


def checked(kind: type[Fields], values: Mapping[str, Any]) -> Fields:
    """Return the fields of a request whose dialect was found out first.

    Raises:
        InvalidParameter: one is wrong; the message names it.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise from_findings(error.errors(include_url=False)) from None


def text_of(name: str, value: Any) -> str:
    """Return a parameter that is to be text; "" where it is absent.

    Raises:
        InvalidParameter: it is something else, or longer than any path.
    """
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_PATH_CHARS:
        raise InvalidParameter(f"{name}: must be text of {MAX_PATH_CHARS} characters at most", param=name)
    return value.strip()
