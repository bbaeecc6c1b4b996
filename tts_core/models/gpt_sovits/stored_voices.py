"""The voices of a store, as a GPT-SoVITS engine wants them: a catalogue, and a prompt for each."""

from __future__ import annotations

import dataclasses
import time

from tts_core.models.gpt_sovits.admission import check_speed
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.prompt import PromptEncoders, PromptFeatures, reread, with_timbre
from tts_core.models.gpt_sovits.prompt_cache import PromptCache
from tts_core.request import Reference, SynthesisRequest
from tts_core.sampling_params import SamplingParams
from tts_core.voice import VoiceInfo
from tts_core.voices import Voice, VoiceStore
from tts_core.voices.recording import check_text

_MAX_AGE_S = 1.0


class StoredVoices:
    """Looks at the store again when what it saw is a second old, so that an added voice is there at once.

    Args:
        store: shared with whoever adds voices.
        cache: shared with other replicas of this machine.
        model: what reads the voices.
        num_threads: among how many torch shares that.
    """

    def __init__(
        self, store: VoiceStore, cache: PromptCache, model: LoadedModel, num_threads: int = 1
    ) -> None:
        self._store = store
        self._cache = cache
        self._model_name = model.name
        self._encoders = PromptEncoders(
            model.sovits.config,
            model.speech_features,
            model.sovits.codebook,
            model.phone_features,
            model.speaker_encoder,
            model.readings,
            num_threads,
        )
        self._infos: tuple[VoiceInfo, ...] = ()
        self._by_name: dict[str, Voice] = {}
        self._by_id: dict[str, Voice] = {}
        self._looked_at = -_MAX_AGE_S

    def infos(self) -> tuple[VoiceInfo, ...]:
        """Return the catalogue. Damaged voices are left out; the store logs them."""
        if time.monotonic() - self._looked_at >= _MAX_AGE_S:
            voices = self._store.list()
            self._infos = tuple(
                VoiceInfo(voice.name, voice.name, voice.language, self._model_name, _files(voice))
                for voice in voices
            )
            self._by_name = {voice.name: voice for voice in voices}
            self._by_id = {voice.id: voice for voice in voices}
            self._looked_at = time.monotonic()
        return self._infos

    def settle(self, request: SynthesisRequest) -> SynthesisRequest:
        """Return the request with its voice's own speed, and its sampling where the request has none.

        Voices are named by their ids from then on: a name may become another voice's.

        A request's speed is relative to its voice's. Sampling settings belong together: a request that gives
        one of them gives them all.

        Raises:
            InvalidParameter: both speeds together are out of range.
        """
        voice = self._by_name.get(request.voice)
        if voice is None:
            return request
        defaults = voice.defaults.to_dict()
        speed = request.speed * defaults.pop("speed", 1.0)
        check_speed(speed)
        own = SamplingParams(**defaults) if defaults else None  # type: ignore[arg-type]  # top_k is whole
        return dataclasses.replace(
            request,
            voice=voice.id,
            timbres=tuple(self._id(name) for name in request.timbres),
            speed=speed,
            sampling=request.sampling or own,
        )

    def prompt(self, reference: Reference) -> PromptFeatures:
        """Return a reference's prompt. What its voices alone decide is computed the first time, and kept.

        Raises:
            UnknownVoice, InvalidVoice, UnsupportedLanguage, MissingDependency: as `compute_prompt`.
            InvalidVoice: a text of the request's own is more than the recording can say.
        """
        voice = self._voice(reference.voice)
        features = self._features(voice)
        if reference.text is not None:
            text, language = check_text(reference.text), reference.language or voice.language
            features = reread(features, voice.name, text, language, self._encoders)
        for timbre in reference.timbres:
            features = with_timbre(features, self._features(self._voice(timbre)))
        return features

    def _features(self, voice: Voice) -> PromptFeatures:
        return self._cache.prompt(voice, self._store, self._encoders)

    def _voice(self, id_or_name: str) -> Voice:
        return self._by_id.get(id_or_name) or self._store.get(id_or_name)

    def _id(self, name: str) -> str:
        return (self._by_name.get(name) or self._store.get(name)).id


def _files(voice: Voice) -> tuple[str, ...]:
    return tuple(recording.name for recording in voice.recordings)
