"""What the servers of the scenarios are made of, and what is asked of them."""

from __future__ import annotations

import asyncio
import io
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos.listener import Ask
from benchmarks.chaos.server import Server, run_server
from benchmarks.chaos.serving import HEAD_CPUS, NODE_CPUS
from benchmarks.checkpoint_configs import Config, sovits_config
from benchmarks.make_checkpoint import make_checkpoint
from benchmarks.official_pair import make_pair
from tts_core.engine.stream import StreamLimits
from tts_core.models.formant.engine import FormantEngine
from tts_core.request import Segment, SynthesisRequest
from tts_core.voices import Upload, VoiceStore

_SENTENCE = "Sentence {number} of story {story} tells of a ship that sails on and on across the sea."
SAYS = "This sentence takes about four seconds to say, and it is read slowly."


def formant_args(replicas: int, *, on_nodes: bool = False) -> dict[str, Any]:
    """Return the arguments of a fleet of the formant engine."""
    engine = {"kind": "formant", "num_slots": 80, "replica": _replica(replicas, on_nodes)}
    return {"engines": [engine], "ingress": _ingress(on_nodes)}


def neural_args(replicas: int, folder: Path, *, on_nodes: bool = False, **engine: Any) -> dict[str, Any]:
    """Return those of a fleet of small GPT-SoVITS models, whose files `make_neural` put into `folder`."""
    model = {"version": "v2", "weights": str(folder / "weights")}
    neural = {
        "kind": "gpt_sovits",
        "models": {"small": model},
        "voices": str(folder / "voices"),
        "prompt_cache": str(folder / "prompts"),
        "num_slots": 80,
        "precision": "float32",
        # English needs neither BERT nor, once its voice is kept, HuBERT; and starts are what kills cost most.
        "side_models": "when_needed",
        "replica": _replica(replicas, on_nodes),
        **engine,
    }
    return {"engines": [neural], "ingress": _ingress(on_nodes)}


def make_neural(folder: Path, voices: Path | None = None) -> None:
    """Write small weights in the official formats, and a voice."""
    make_checkpoint("v2", folder / "weights", tiny=True)
    make_pair("v2", folder / "weights", tiny=True, own_config=_quick_sovits())
    store = VoiceStore(str(voices or folder / "voices"))
    store.add("ann", Upload("ann.wav", record("en-us+f2")), SAYS, "en")


def _quick_sovits() -> Config:
    """Return the config of a generator with one short block a level, which is several times as fast."""
    config = sovits_config("v2", tiny=True)
    blocks = {"resblock_kernel_sizes": [3], "resblock_dilation_sizes": [[1]], "upsample_initial_channel": 32}
    return config | {"model": config["model"] | blocks}


def record(timbre: str) -> bytes:
    """Return a recording of `SAYS`, as a WAV file."""
    pcm, rate_hz = asyncio.run(_speak(timbre))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(pcm)
    return file.getvalue()


async def _speak(timbre: str) -> tuple[bytes, int]:
    engine = FormantEngine(StreamLimits(lead_s=60.0))
    await engine.start()
    try:
        request = SynthesisRequest(
            request_id="recording", model="formant", voice=timbre, segments=(Segment(0, SAYS),)
        )
        stream = engine.generate(request)
        return b"".join([chunk.pcm async for chunk in stream]), stream.sample_rate_hz
    finally:
        await engine.stop()


def formant_asks(num: int, *, sentences: int) -> list[Ask]:
    """Return distinct requests of some four seconds a sentence."""
    return [
        Ask(story, {"voice": "en-us", "input": _text(story, sentences), "response_format": "pcm"})
        for story in range(num)
    ]


def neural_asks(num: int, *, sentences: int, model: str = "small") -> list[Ask]:
    """Return distinct requests of four seconds a sentence: the length of noise is given, not spoken."""
    length = {"ignore_eos": True, "min_tokens": 100, "max_tokens": 100}
    common = {"model": model, "voice": "ann", "response_format": "pcm", **length}
    return [Ask(story, {**common, "input": _text(story, sentences), "seed": story}) for story in range(num)]


def _text(story: int, sentences: int) -> str:
    return " ".join(_SENTENCE.format(number=number, story=story) for number in range(1, sentences + 1))


def _replica(replicas: int, on_nodes: bool) -> dict[str, Any]:
    return {
        "device": "cpu",
        "cpus": NODE_CPUS if on_nodes else 0.5,
        "graceful_shutdown_timeout_s": 1.0,
        "autoscaling": {"min_replicas": replicas, "max_replicas": replicas},
    }


def _ingress(on_nodes: bool) -> dict[str, Any]:
    return {"cpus": HEAD_CPUS if on_nodes else 0.25, "graceful_shutdown_timeout_s": 1.0}


@dataclass(frozen=True)
class Fleet:
    """A running server, and what to ask of it."""

    server: Server
    asks: list[Ask]


@dataclass(frozen=True)
class Plan:
    """What a fleet is to run with, what its crowd asks for, and what a newcomer asks for: one sentence."""

    args: dict[str, Any]
    asks: list[Ask]
    newcomer: Ask


def plan(model: str, replicas: int, folder: Path, *, sentences: int, on_nodes: bool = False) -> Plan:
    """Plan a fleet of a "formant" or "neural" model, whose files are put into `folder`."""
    if model == "formant":
        args = formant_args(replicas, on_nodes=on_nodes)
        return Plan(args, formant_asks(6, sentences=sentences), formant_asks(1, sentences=1)[0])
    make_neural(folder)
    args = neural_args(replicas, folder, on_nodes=on_nodes)
    return Plan(args, neural_asks(4, sentences=sentences), neural_asks(1, sentences=1)[0])


@contextmanager
def fleet(
    model: str, replicas: int, *, sentences: int | None = None, nodes: int = 0, **how: Any
) -> Iterator[Fleet]:
    """Run a server with so many engine replicas.

    Args:
        model: "formant" or "neural".
        replicas: how many, each on a node of its own if there are `nodes`.
        sentences: in each request; 40 unless told, or 20 of a neural model, which makes them alone first.
        nodes, how: as for `run_server`.
    """
    num_sentences = sentences or (40 if model == "formant" else 20)
    with tempfile.TemporaryDirectory(prefix="pvx-weights-") as folder:
        planned = plan(model, replicas, Path(folder), sentences=num_sentences, on_nodes=nodes > 0)
        with run_server(planned.args, nodes=nodes, **how) as server:
            yield Fleet(server, planned.asks)
