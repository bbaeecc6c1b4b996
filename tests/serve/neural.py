"""GPT-SoVITS for the tests behind real HTTP: tiny weights in the official formats, and two voices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.make_checkpoint import make_checkpoint
from benchmarks.official_format import save_sovits
from tests.unit.cli.running import polyvox
from tts_core.models.gpt_sovits.checkpoint import read_checkpoint
from tts_core.models.gpt_sovits.weights import locate_weights


def make_neural(folder: Path) -> None:
    """Make weights, voices and a lexicon in a folder, with the command line as a user would."""
    make_checkpoint("v2", folder / "weights", tiny=True)
    fine_tune(locate_weights(folder / "weights", "v2").sovits, folder / "tuned.pth")
    (folder / "words.yaml").write_text("en: {Blorb: B L AO1 R B}\n", encoding="utf-8")
    for name, timbre in (("ann", "en-us+f2"), ("bob", "en-us+m3")):
        recording = str(folder / f"{name}.wav")
        says = "This sentence takes about four seconds to say, and it is read slowly."
        assert polyvox("say", says, "--local", "--voice", timbre, "-o", recording).exit_code == 0
        store = str(folder / "voices")
        added = polyvox("voices", "add", recording, "--text", says, "--lang", "en", "--store", store)
        assert added.exit_code == 0, added.stderr


def fine_tune(original: Path, tuned: Path) -> None:
    """Write a checkpoint that differs a little, as a user's own training leaves one."""
    checkpoint = read_checkpoint(original)
    tensors = {key: tensor * 1.05 for key, tensor in checkpoint.tensors.items()}
    save_sovits(tuned, tensors, checkpoint.config, "tuned", "v2")


def neural(folder: Path, weights: str = "weights") -> dict[str, Any]:
    """Return the configuration of an engine with two models, one of which fits."""
    mine = {"version": "v2", "weights": str(folder / weights)}
    return {
        "kind": "gpt_sovits",
        "name": "neural",
        "models": {"mine": mine, "tuned": {**mine, "sovits": str(folder / "tuned.pth")}},
        "voices": str(folder / "voices"),
        "prompt_cache": str(folder / "prompts"),
        "lexicon": str(folder / "words.yaml"),
        "replica": {"device": "cpu", "cpus": 0.5, "graceful_shutdown_timeout_s": 1.0},
    }
