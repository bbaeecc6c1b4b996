"""The application's arguments: `args` in serve_config.yaml. A key that isn't here is an error."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tts_core.engine.admission import most_streams
from tts_core.engine.stream import StreamLimits
from tts_core.models.gpt_sovits.weights import DEFAULT_WEIGHTS_DIR, default_weights_dir


class StrictModel(BaseModel):
    """Rejects unknown keys and lossy conversions: a typo must not become a default."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


PositiveInt = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0)]


class StreamingArgs(StrictModel):
    """How far synthesis runs ahead of each listener, and how its chunks grow."""

    lead_s: PositiveFloat = 10.0
    first_chunk_s: PositiveFloat = 0.1
    max_chunk_s: PositiveFloat = 1.0

    def limits(self) -> StreamLimits:
        return StreamLimits(self.lead_s, self.first_chunk_s, self.max_chunk_s)


class AutoscalingArgs(StrictModel):
    """Bounds and pace of a deployment's autoscaling.

    `policy: headroom` is Polyvox's own: it counts slots and real-time load, expects as many listeners as the
    trend says for when a replica that starts now is ready (after `startup_s`, later after what starting was
    seen to take), and leaves room for `margin` standard deviations of chance beside them. Those who are here
    fill replicas to `target_load` at most. It stops replicas that weren't needed at any moment of
    `downscale_delay_s`.

    `policy: ongoing_requests` is Serve's: `target_ongoing_requests` and `upscale_delay_s` are for it alone.
    """

    policy: Literal["headroom", "ongoing_requests"] = "headroom"
    min_replicas: Annotated[int, Field(ge=0)] = 1
    max_replicas: PositiveInt = 2
    downscale_delay_s: Annotated[float, Field(ge=0)] = 60.0
    downscale_to_zero_delay_s: Annotated[float, Field(ge=0)] = 300.0
    target_load: Annotated[float, Field(gt=0, le=1)] = 0.8
    margin: Annotated[float, Field(ge=0)] = 2.0
    min_headroom_s: float = 0.25
    startup_s: Annotated[float, Field(ge=0)] = 20.0
    trend_window_s: PositiveFloat = 30.0
    target_ongoing_requests: PositiveFloat = 48
    upscale_delay_s: Annotated[float, Field(ge=0)] = 3.0

    @model_validator(mode="after")
    def _bounds_in_order(self) -> AutoscalingArgs:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"min_replicas {self.min_replicas} exceeds max_replicas {self.max_replicas}")
        return self

    @model_validator(mode="after")
    def _keys_have_an_effect(self) -> AutoscalingArgs:
        for policy, keys in _POLICY_KEYS.items():
            idle = sorted(keys & self.model_fields_set)
            if idle and policy != self.policy:
                raise ValueError(f"{', '.join(idle)}: only for policy {policy}, and this is {self.policy}")
        return self


_POLICY_KEYS = {
    "headroom": {"target_load", "margin", "min_headroom_s", "startup_s", "trend_window_s"},
    "ongoing_requests": {"target_ongoing_requests", "upscale_delay_s"},
}


class ReplicaArgs(StrictModel):
    """What one replica holds.

    `device: auto` takes `gpus` of a GPU where the cluster has one when the application is built, and `cpus`
    otherwise. On a cluster whose GPU nodes come and go, state the device.

    A replica that is to go takes no more streams and leaves when its last one has ended.
    `graceful_shutdown_timeout_s` is when it is killed all the same: left out, later than the longest request
    that `limits` allow can play.
    """

    device: Literal["auto", "cpu", "gpu"] = "auto"
    gpus: Annotated[float, Field(gt=0, le=1)] = 0.5
    cpus: PositiveFloat = 0.5
    autoscaling: AutoscalingArgs = AutoscalingArgs()
    max_queued_requests: Annotated[int, Field(ge=0)] = 64
    retry_after_s: PositiveFloat = 2.0
    graceful_shutdown_timeout_s: PositiveFloat | None = None


class FormantArgs(StrictModel):
    """The formant engine: espeak-ng, no weights."""

    kind: Literal["formant"] = "formant"
    model: str = "formant"
    num_slots: PositiveInt = 64
    max_running: PositiveInt = 2
    streaming: StreamingArgs = StreamingArgs()
    replica: ReplicaArgs = ReplicaArgs()

    @property
    def name(self) -> str:
        return self.model

    @property
    def model_names(self) -> tuple[str, ...]:
        return (self.model,)

    @property
    def most_streams(self) -> int:
        return self.num_slots

    @property
    def max_loaded_models(self) -> int:
        return 1


class CheckpointArgs(StrictModel):
    """One GPT-SoVITS model.

    `weights` is a folder as `polyvox weights pull` leaves it, by default POLYVOX_WEIGHTS for both; `t2s` and
    `sovits` name files of your own, trained from that version, to take the place of its pair.

    `readings: reference` reads texts as GPT-SoVITS's own front end does, slips included ("Dr." is drive, "&"
    isn't said), for checkpoints that are to get exactly its phones.
    """

    version: Literal["v1", "v2", "v2Pro", "v2ProPlus"] = "v2Pro"
    weights: str = Field(
        default_factory=lambda: str(default_weights_dir()),
        json_schema_extra={"default": str(DEFAULT_WEIGHTS_DIR)},
    )
    t2s: str | None = None
    sovits: str | None = None
    readings: Literal["natural", "reference"] = "natural"


class GPTSoVITSArgs(StrictModel):
    """GPT-SoVITS models, by the names that requests give, the first one loaded at start-up.

    A replica holds `max_loaded_models` of them, each with `num_slots` of its own. Another one takes the place
    of the one asked for longest ago among those without listeners; while all have listeners, requests for it
    are refused, or wait, as for slots. `voices` is a folder or an fsspec URL that all nodes share, and
    `prompt_cache` a local folder in which each voice is kept as each model reads it.

    `lexicon` is a YAML or TSV file of words and their phones, by language (see `tts_core.frontend.lexicon`).

    `precision: auto` is bfloat16 where the machine computes in it natively, else float16 on a GPU and float32
    on a CPU.

    `second_core` says when a replica of one thread uses another core: `alone` for one listener, in whose
    steps it shares while it is idle, and one more with it; `always` for a replica of two cores, which then
    decodes one batch of all listeners instead of one batch for each core, and makes audio beside that;
    `never`. Left out, it is `alone` on a CPU and `never` on a GPU.

    `side_models: when_needed` leaves BERT, which reads Chinese, and HuBERT, which listens to voices that
    `prompt_cache` doesn't have, until somebody needs them, who then waits for them while all others are
    spoken on. A replica starts some seconds sooner, and a fleet that speaks no Chinese does without most of
    their memory, though start-up fails where there would be no room. On a CPU only.

    A listener is admitted while a slot is free and everyone would still get `min_pace` seconds of audio per
    second. Left out, it is 1 on a GPU: nobody who plays while listening runs dry. On a CPU it is 0: slots
    alone decide. Whoever has stalled, and has all the audio that they may have, lends their slot meanwhile:
    so up to `max_streams` can be open, half as many again as there are slots if it is left out. Each beyond
    `num_slots` takes as much memory as a slot, the host's also where slots are a GPU's. On a CPU it is taken
    only while somebody has lent their slot; start-up fails all the same where there is no room for it. To
    replicas beside this one it looks free meanwhile, so leave room for it on a machine that holds several.
    """

    kind: Literal["gpt_sovits"] = "gpt_sovits"
    name: str = "gpt-sovits"
    models: Annotated[dict[str, CheckpointArgs], Field(min_length=1)] = Field(
        default_factory=lambda: {"gpt-sovits": CheckpointArgs()}
    )
    max_loaded_models: PositiveInt = 1
    voices: str = "~/.local/share/polyvox/voices"
    prompt_cache: str = "~/.cache/polyvox/prompts"
    lexicon: str | None = None
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    side_models: Literal["at_start", "when_needed"] = "at_start"
    num_threads: PositiveInt = 1
    second_core: Literal["never", "alone", "always"] | None = None
    num_slots: PositiveInt = 4
    max_streams: PositiveInt | None = None
    policy: Literal["least_headroom", "round_robin"] = "least_headroom"
    min_pace: Annotated[float, Field(ge=0)] | None = None
    streaming: StreamingArgs = StreamingArgs()
    # One thread computes, so that a machine of two cores holds two replicas and the ingress.
    replica: ReplicaArgs = ReplicaArgs(cpus=0.75, autoscaling=AutoscalingArgs(min_replicas=2, max_replicas=2))

    @property
    def model_names(self) -> tuple[str, ...]:
        return tuple(self.models)

    @property
    def most_streams(self) -> int:
        return most_streams(self.num_slots, self.max_streams)

    @model_validator(mode="after")
    def _slots_can_be_used(self) -> GPTSoVITSArgs:
        if self.most_streams < self.num_slots:
            raise ValueError(f"max_streams {self.max_streams} is less than num_slots {self.num_slots}")
        return self

    @model_validator(mode="after")
    def _places_are_used(self) -> GPTSoVITSArgs:
        if self.max_loaded_models > len(self.models):
            raise ValueError(
                f"max_loaded_models is {self.max_loaded_models}, and there are {len(self.models)} models"
            )
        return self


EngineArgs = Annotated[FormantArgs | GPTSoVITSArgs, Field(discriminator="kind")]


class LimitArgs(StrictModel):
    """What a single request may cost."""

    max_body_bytes: PositiveInt = 4 * 1024 * 1024
    body_timeout_s: PositiveFloat = 30.0
    max_input_chars: PositiveInt = 20_000
    max_lexicon_words: PositiveInt = 200
    max_segment_chars: Annotated[int, Field(ge=20, le=1000)] = 200
    admission_timeout_s: PositiveFloat = 30.0
    first_audio_timeout_s: PositiveFloat = 60.0
    write_timeout_s: PositiveFloat = 120.0
    max_whole_s: PositiveFloat = 900.0

    @property
    def longest_playback_s(self) -> float:
        """How long a request can take to be heard: every character at a quarter of the speed, and a stall.

        The densest script, Chinese read slowly, has a character in 0.3 s.
        """
        return self.max_input_chars * 0.3 / 0.25 + self.write_timeout_s


class WaitingArgs(StrictModel):
    """What becomes of requests while no replica has room.

    They are refused at once, with the time after which a slot is expected; or, with `max_wait_s`, they wait
    for one so long at most, `max_waiting` at once at most (of each model, in each ingress replica). Whoever
    waits is let in by turns: a key that asks a lot waits behind itself, not before the others.
    """

    max_wait_s: Annotated[float, Field(ge=0)] = 0.0
    max_waiting: PositiveInt = 256


class VoicesArgs(StrictModel):
    """Voices that are added and deleted over HTTP, in the store of the first GPT-SoVITS engine.

    `uploads` lets them be. Left out, it is so where it is known who asks: where there are `keys` (of the
    scope `voices:write`), or nobody but this machine's users can reach the server; and not where it is
    `open_to_all`.
    `num_decoders` recordings are checked at once, in processes of their own.
    """

    uploads: bool | None = None
    max_voices: PositiveInt = 1000
    max_voices_per_key: PositiveInt = 100
    num_decoders: PositiveInt = 1


class LiveTextArgs(StrictModel):
    """Connections over which text is spoken while it is being written.

    Whole words are spoken after `flush_timeout_s` without more text, and a word that may go on after
    `word_timeout_s`. A connection ends after `idle_timeout_s` in which nothing came and nothing was spoken,
    and, in good order, after `max_session_s`.
    """

    max_contexts: PositiveInt = 16
    max_message_chars: PositiveInt = 64 * 1024
    flush_timeout_s: PositiveFloat = 0.7
    word_timeout_s: PositiveFloat = 2.5
    idle_timeout_s: PositiveFloat = 180.0
    max_session_s: PositiveFloat = 3600.0


class IngressArgs(StrictModel):
    """The HTTP edge. Its number is fixed: resizing it would cut the streams that it carries.

    `default_reference` is the voice of GPT-SoVITS's clients that name none; without it they are told to.

    `max_ongoing_requests` are served at once, live text's connections among them; beside those so many wait,
    and others are refused with 429 and `retry_after_s`.

    `graceful_shutdown_timeout_s` is as in `ReplicaArgs`.

    `keys` is a file of API keys, readable on each node that runs an ingress: see `polyvox keys`. Limits of
    keys hold for each ingress replica by itself. `public_voices` lets everyone list voices and models, since
    some clients ask for them without a key. `control` lets `GET /control?command=exit`, of an `admin` key
    where there are keys, end the application. Without `keys`, a server that others than this machine's users
    can reach doesn't start, unless `open_to_all` says that this is meant.
    """

    num_replicas: PositiveInt = 1
    cpus: PositiveFloat = 0.25
    max_ongoing_requests: PositiveInt = 1024
    max_queued_requests: PositiveInt = 64
    retry_after_s: PositiveFloat = 2.0
    graceful_shutdown_timeout_s: PositiveFloat | None = None
    limits: LimitArgs = LimitArgs()
    waiting: WaitingArgs = WaitingArgs()
    live_text: LiveTextArgs = LiveTextArgs()
    voices: VoicesArgs = VoicesArgs()
    keys: str | None = None
    public_voices: bool = False
    open_to_all: bool = False
    control: bool = False
    default_reference: str = ""
    cors_origins: tuple[str, ...] = Field(default=(), strict=False)
    model_aliases: dict[str, str] = {}
    voice_aliases: dict[str, str] = {}


class AppArgs(StrictModel):
    """Everything that serve_config.yaml may say under `args`."""

    engines: tuple[EngineArgs, ...] = Field(default=(FormantArgs(),), min_length=1, strict=False)
    ingress: IngressArgs = IngressArgs()

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> AppArgs:
        models = [model for engine in self.engines for model in engine.model_names]
        names = [engine.name for engine in self.engines]
        if len(set(models)) < len(models) or len(set(names)) < len(names):
            raise ValueError(f"engines and models need names of their own, got {names} and {models}")
        for alias, model in self.ingress.model_aliases.items():
            if model not in models:
                raise ValueError(f"model alias {alias!r} names {model!r}; the models are {models}")
        return self
