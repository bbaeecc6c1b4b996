"""What is asked of an engine: frozen and complete, so that equal requests give equal PCM."""

from __future__ import annotations

from dataclasses import dataclass

from tts_core.sampling_params import SamplingParams


@dataclass(frozen=True)
class Segment:
    """One sentence or so of a request: the unit that an engine speaks without looking further ahead.

    Attributes:
        index: position in the request, from 0.
        text: what to speak; never blank.
    """

    index: int
    text: str


@dataclass(frozen=True)
class Reference:
    """Which voice is listened to, and in what its recordings are heard otherwise than it is kept.

    Attributes:
        voice: its id.
        text: what its reference recording says, or None for what the voice says of it.
        language: of `text`, or None for the voice's own.
        timbres: ids of voices whose reference recordings shape the timbre beside its own.
    """

    voice: str
    text: str | None = None
    language: str | None = None
    timbres: tuple[str, ...] = ()


@dataclass(frozen=True)
class Returning:
    """What a listener has who comes from another replica.

    Attributes:
        num_known: samples, from the first segment to speak on, that they got already.
        in_hand_s: seconds until they run dry; below 0 for whoever is to be served before all who are dry.
        codes: the tokens of the first segment to speak on, where they are known: they needn't be drawn again.
        may_skip: whether samples that they have may be left out; an ingress of an older version waits for
            all of them.
    """

    num_known: int
    in_hand_s: float
    codes: tuple[int, ...] = ()
    may_skip: bool = False


@dataclass(frozen=True, kw_only=True)
class SynthesisRequest:
    """Everything that decides the PCM of one request, and the id that names it in logs.

    Attributes:
        request_id: names the request in logs and headers; has no influence on the audio.
        model: registered name of the model.
        voice: id of a voice that the model knows.
        segments: what to speak, in order; at least one.
        language: language of the text, or None for the voice's own.
        seed: drawn by the ingress where the client gave none, so that a replay repeats it.
        speed: 1.0 is the voice's own rate; 2.0 takes half the time.
        pitch: 1.0 is the voice's own pitch; 2.0 is an octave higher.
        pause_s: silence between pieces, or None for the engine's own.
        prompt_text, prompt_language, timbres: see `Reference`. Engines without references ignore them.
        sampling: how tokens are drawn, or None for the engine's defaults.
        low_latency: start speaking before a segment's tokens are complete. As deterministic as without, but
            other bytes.
        lexicon: words of this request and their phones.
        inline_phones: words that are marked in the segments, in order, and their phones.
        first_segment: the first segment to speak, as `AudioChunk.marks` number them, so that a stream that
            was cut off goes on elsewhere. What precedes it is not spoken nor counted; nothing else changes.
        returning: what the listener has of it, so that those go first who run dry first; None for a newcomer.
            Has no influence on the audio.
        is_timed: whether the listener is told when words are heard; has no influence on the audio.
        traceparent: the trace that it belongs to, as W3C writes it; has no influence on the audio.
    """

    request_id: str
    model: str
    voice: str
    segments: tuple[Segment, ...]
    language: str | None = None
    seed: int = 0
    speed: float = 1.0
    pitch: float = 1.0
    pause_s: float | None = None
    prompt_text: str | None = None
    prompt_language: str | None = None
    timbres: tuple[str, ...] = ()
    sampling: SamplingParams | None = None
    low_latency: bool = False
    lexicon: tuple[tuple[str, str], ...] = ()
    inline_phones: tuple[tuple[str, str], ...] = ()
    first_segment: int = 0
    returning: Returning | None = None
    is_timed: bool = False
    traceparent: str | None = None

    @property
    def reference(self) -> Reference:
        return Reference(self.voice, self.prompt_text, self.prompt_language, self.timbres)

    @property
    def num_chars(self) -> int:
        return sum(len(segment.text) for segment in self.segments)
