"""From a request in any of the dialects to its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from deployments.http.attendance import while_waited_for
from deployments.http.form import Form
from deployments.http.gpt_sovits.fields import SpeakRequest
from deployments.http.gpt_sovits.languages import language_code
from deployments.http.gpt_sovits.references import Found, References, stem, unknown_voice
from deployments.http.gpt_sovits.sessions import Choice, session_of
from deployments.http.gpt_sovits.weights import ModelChooser
from deployments.http.planning import Wish
from deployments.http.resumption import RESUME_FROM, Resumption
from deployments.http.service import Service
from deployments.speech import CountedSpeech
from tts_core.audio.formats import AudioFormat
from tts_core.errors import InvalidParameter, UnknownVoice, UnsupportedFormat

FORMATS = {
    "wav": AudioFormat.WAV,
    "raw": AudioFormat.PCM,
    "ogg": AudioFormat.OGG,
    "aac": AudioFormat.AAC,
}
"""Of api_v2; the dialects at `/` have more."""
_RAW_TYPE = "audio/raw"
_FASTEST_MODE = 3


@dataclass(frozen=True)
class Voicing:
    """Which voice, and how it is heard: what a request's reference parameters come to."""

    found: Found
    prompt_text: str | None
    prompt_lang: str | None


class Speaking:
    """Resolves what the dialects' clients name, and answers them. One per ingress.

    Attributes:
        service: what speaks.
        models: by their weights.
        references: by their paths.
    """

    def __init__(self, service: Service) -> None:
        args, source = service.args, service.source
        self.service = service
        self.models = ModelChooser(source.models, args.model_aliases, service.weights)
        self.references = References(args.voice_aliases, source.voices)

    async def answer(
        self,
        body: SpeakRequest,
        request: Request,
        formats: Mapping[str, AudioFormat] = FORMATS,
        *,
        file_per_chunk: bool = False,
        choice: Choice | None = None,
    ) -> Response:
        """Speak, and answer whole or while it is spoken.

        Args:
            body: what was asked for.
            request: whose it is.
            formats: what the dialect's media types stand for.
            file_per_chunk: stream Ogg as one whole file in each chunk.
            choice: what was chosen before, if not by the request's session.

        Raises:
            PolyvoxError: it can't be spoken as it is, or there is no room.
        """
        audio_format = _format(body.media_type, formats)
        resumption = Resumption.read(request.headers)
        if resumption is not None and body.streaming_mode == 0:
            raise InvalidParameter(f"{RESUME_FROM} is for speech that is streamed", param=RESUME_FROM)
        if choice is None:
            choice = await self.service.sessions.get(session_of(request))
        if body.streaming_mode == 0:
            whole = self._whole(body, choice, request, audio_format)
            response = await while_waited_for(request, whole)
        else:
            speech = await self._open(body, choice, request, resumption)
            form = Form(audio_format, file_per_chunk=file_per_chunk and audio_format is AudioFormat.OGG)
            response = await self.service.answer(speech, form, resumption)
        if audio_format is AudioFormat.PCM:
            response.headers["content-type"] = _RAW_TYPE
        return response

    async def _whole(
        self, body: SpeakRequest, choice: Choice, request: Request, audio_format: AudioFormat
    ) -> Response:
        speech = await self._open(body, choice, request, None)
        return await self.service.whole(speech, audio_format)

    async def _open(
        self, body: SpeakRequest, choice: Choice, request: Request, resumption: Resumption | None
    ) -> CountedSpeech:
        wish = await self.wish(body, choice)
        state, service = request.state, self.service
        try:
            return await service.open(wish, state.request_id, state.key, resumption)
        except UnknownVoice:
            # Perhaps the catalogue came too late to know it, or an engine that would is down.
            await self.references.wait_for_all()
            again = await self.wish(body, choice)
            if again == wish:
                raise unknown_voice() from None
        try:
            return await service.open(again, state.request_id, state.key, resumption, is_again=True)
        except UnknownVoice:
            raise unknown_voice() from None

    async def wish(self, body: SpeakRequest, choice: Choice) -> Wish:
        """Return what to plan: the request, and what its session chose where it says nothing.

        The model is that of the weights named; else the voice's own; else the server's default.

        Raises:
            InvalidParameter: no reference is named, here or before.
            UnknownVoice, UnknownModel: a name stands for nothing.
        """
        voicing = await self._voicing(body, choice)
        info = voicing.found.info
        gpt, sovits = body.gpt_weights, body.sovits_weights
        if not gpt and not sovits:
            gpt, sovits = choice.gpt_weights, choice.sovits_weights
        return Wish(
            text=body.text,
            voice=voicing.found.voice,
            model=self.models.choose(gpt, sovits) or (info.model if info else None),
            language=body.text_lang,
            speed=body.speed_factor,
            pause_s=body.fragment_interval,
            prompt_text=voicing.prompt_text,
            prompt_language=voicing.prompt_lang,
            timbres=await self._timbres(body.aux_ref_audio_paths, voicing.found),
            seed=body.seed,
            low_latency=body.streaming_mode == _FASTEST_MODE,
            text_options=body.text_options(),
            lexicon=body.words(),
            sampling=body.sampling(),
        )

    async def _voicing(self, body: SpeakRequest, choice: Choice) -> Voicing:
        given = Choice(
            ref_audio_path=body.ref_audio_path, prompt_text=body.prompt_text, prompt_lang=body.prompt_lang
        )
        if not given.ref_audio_path:
            text, language = given.prompt_text, given.prompt_lang
            own = {"prompt_text": text, "prompt_lang": language} if text else {}
            given = replace(choice, **own)
        given = replace(given, ref_audio_path=given.ref_audio_path or self.service.args.default_reference)
        if not given.ref_audio_path:
            raise InvalidParameter(
                "ref_audio_path is required: a voice's id, or the name of its reference's file",
                param="ref_audio_path",
            )
        found = await self.references.find(given.ref_audio_path)
        text = given.prompt_text.strip()
        if not text or _is_name(text, given.ref_audio_path, found):
            return Voicing(found, None, None)
        return Voicing(found, text, language_code(given.prompt_lang) or None)

    async def _timbres(self, paths: Sequence[str], main: Found) -> tuple[str, ...]:
        """Return further voices. What the voice itself was made from shapes it already."""
        own = {name.casefold() for name in main.info.recordings} if main.info else set()
        timbres = []
        for path in paths:
            name = path.replace("\\", "/").rpartition("/")[2]
            if name.casefold() in own:
                continue
            timbres.append((await self.references.find_listed(path)).voice)
        return tuple(timbres)


def _is_name(text: str, path: str, found: Found) -> bool:
    """Whether what was sent as the reference's text is its name, as SillyTavern's is, `[mood]` left out."""
    last = stem(path.replace("\\", "/").rpartition("/")[2])
    plain = _without_brackets(last)
    return text.casefold() in {name.casefold() for name in (last, plain, found.voice)}


def _without_brackets(name: str) -> str:
    while (start := name.find("[")) != -1 and (end := name.find("]", start)) != -1:
        name = name[:start] + name[end + 1 :]
    return name.strip()


def _format(name: str, formats: Mapping[str, AudioFormat]) -> AudioFormat:
    if name not in formats:
        raise UnsupportedFormat(
            f"media_type must be one of {', '.join(formats)}, got {name!r}", param="media_type"
        )
    return formats[name]
