"""The holes that GPT-SoVITS's own servers were found to have, tried on this one.

CVE-2025-49837 to 49841: weights by path, unpickled.
CVE-2025-49833 to 49836, CVE-2026-63766: shell commands made of input.
CVE-2026-65701: a reference's path tells which files there are.
CVE-2026-65700: the bearer token taken for a path.
And a `/control` that ends the server for anyone.
"""

from __future__ import annotations

import ast
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from tests.unit.http.fakes import FakeSource
from tests.unit.http.voices.support import FORM, NearDecoder, connect
from tests.unit.keys.support import add_key
from tests.unit.security.watched import named, watching

ROOT = Path(__file__).parents[3]
PACKAGES = ("tts_core", "deployments", "polyvox")
UNSAFE = {
    "torch.load",
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "cloudpickle.load",
    "cloudpickle.loads",
    "joblib.load",
    "dill.load",
    "marshal.loads",
    "shelve.open",
    "yaml.load",
    "yaml.unsafe_load",
    "yaml.full_load",
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "eval",
    "exec",
}
KEYWORDS = {"shell", "allow_pickle"}


class Payload:
    """Unpickled, it leaves a mark."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return Path.touch, (self.canary,)


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def unsafe_calls(source: Path) -> list[str]:
    found = []
    for name, call in calls(source):
        flags = {
            word.arg for word in call.keywords if word.arg in KEYWORDS and ast.unparse(word.value) != "False"
        }
        if name in UNSAFE or flags:
            found.append(f"{source}:{call.lineno}: {ast.unparse(call)[:80]}")
    return found


def test_nothing_here_unpickles_evaluates_or_calls_a_shell() -> None:
    sources = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(sources) > 200
    assert [call for source in sources for call in unsafe_calls(source)] == []


def test_the_search_for_unsafe_calls_finds_them(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(
        "import torch, numpy, subprocess, yaml\n"
        "torch.load('x')\nnumpy.load('x', allow_pickle=True)\n"
        "subprocess.run('x', shell=True)\nyaml.load('x')\n"
        "numpy.load('x', allow_pickle=False)\nyaml.safe_load('x')\n"
    )
    assert len(unsafe_calls(bad)) == 4


@pytest.fixture
def bait(tmp_path: Path) -> Path:
    """A file that exists, lies where every path could lead, and runs something if it is unpickled."""
    folder = tmp_path / "bait"
    folder.mkdir()
    path = folder / "s1.ckpt"
    path.write_bytes(pickle.dumps(Payload(tmp_path / "canary")))
    return path


def bodies(value: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return requests that carry a value wherever a client may state anything."""
    speech = {"input": "Hello.", "voice": "en-us"}
    tts = {"text": "Hello.", "text_lang": "en", "ref_audio_path": "en-us"}
    return [
        *(("POST", "/v1/audio/speech", {**speech, name: value}) for name in ("voice", "model", "language")),
        ("POST", "/v1/audio/speech", {**speech, "voice": {"id": value}}),
        *(("POST", "/tts", {**tts, name: value}) for name in ("ref_audio_path", "prompt_text", "text_lang")),
        ("POST", "/tts", {**tts, "aux_ref_audio_paths": [value]}),
        *(("GET", "/tts", {**tts, name: value}) for name in ("ref_audio_path", "prompt_text", "media_type")),
        ("GET", "/set_gpt_weights", {"weights_path": value}),
        ("GET", "/set_sovits_weights", {"weights_path": value}),
        ("GET", "/set_refer_audio", {"refer_audio_path": value}),
        ("POST", "/set_model", {"gpt_model_path": value, "sovits_model_path": value}),
        ("POST", "/change_refer", {"refer_wav_path": value, "prompt_text": "a", "prompt_language": "en"}),
        ("POST", "/", {"text": "a", "text_lang": "en", "refer_wav_path": value, "ref_audio_path": value}),
        ("POST", "/infer_single", {"text": "Hello.", "model_name": value, "dl_url": value}),
        *(("POST", "/v1/audio/voices", {**FORM, name: value}) for name in (*FORM, "audio_sample", "url")),
        ("GET", "/control", {"command": value}),
    ]


async def ask(client: httpx.AsyncClient, method: str, path: str, values: dict[str, Any]) -> httpx.Response:
    if method == "GET":
        return await client.get(path, params=values)
    return await client.post(path, json=values)


@pytest.mark.parametrize("spelling", ["plain", "file", "up", "shell", "pipe", "nul"])
async def test_no_path_from_outside_is_opened_and_no_word_is_run(
    tmp_path: Path, bait: Path, spelling: str
) -> None:
    canary = tmp_path / "canary"
    value = {
        "plain": str(bait),
        "file": f"file://{bait}",
        "up": "../" * 20 + str(bait)[1:],
        "shell": f'"; touch {canary}; "',
        "pipe": f"| touch {canary} `touch {canary}` $(touch {canary})",
        "nul": f"{bait}\0.wav",
    }[spelling]
    async with connect(tmp_path / "voices", NearDecoder()) as client:
        statuses = set()
        with watching() as events:
            for method, path, values in bodies(value):
                statuses.add((await ask(client, method, path, values)).status_code)
            for path in ("/v1/audio/voices/", "/v1/models/", "/page/", "/"):
                statuses.add((await client.get(path + quote(value, safe=""))).status_code)
    assert statuses <= {200, 400, 403, 404, 405, 415}
    assert named(events, ("bait", str(canary))) == []
    assert not canary.exists()


def test_what_is_opened_and_run_is_noticed(tmp_path: Path, bait: Path) -> None:
    with watching() as events:
        bait.read_bytes()
        os.system("true")
    assert {event for event, _ in named(events, ("bait",))} == {"open", "os.system"}


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "/tts", "ref_audio_path"),
        ("POST", "/tts", "ref_audio_path"),
        ("POST", "/v1/audio/speech", "voice"),
        ("GET", "/set_gpt_weights", "weights_path"),
        ("GET", "/set_sovits_weights", "weights_path"),
        ("GET", "/set_refer_audio", "refer_audio_path"),
        ("POST", "/change_refer", "refer_wav_path"),
    ],
)
async def test_a_path_tells_nothing_of_whether_there_is_a_file(
    tmp_path: Path, method: str, path: str, field: str
) -> None:
    (tmp_path / "here.wav").write_bytes(b"RIFF")
    values = {"input": "Hi.", "text": "Hi.", "text_lang": "en", "prompt_text": "a", "prompt_language": "en"}
    answers = []
    async with connect(tmp_path / "voices") as client:
        for name in ("here.wav", "gone.wav"):
            asked = str(tmp_path / name)
            answer = await ask(client, method, path, {**values, field: asked})
            answers.append((answer.status_code, answer.text.replace(asked, "").replace(name[:-4], "")))
    assert answers[0] == answers[1]
    assert answers[0][0] in (400, 404)


@pytest.mark.parametrize("header", ["Authorization", "xi-api-key", "x-api-key"])
async def test_a_token_is_never_a_path(tmp_path: Path, bait: Path, header: str) -> None:
    keys = tmp_path / "keys.yaml"
    add_key(keys, "alice")
    app = create_app(Service(IngressArgs(keys=str(keys)), FakeSource(), transport_holds_back=True))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://polyvox") as client:
        answers = []
        with watching() as events:
            for token in (str(bait), "../" * 20 + str(bait)[1:], str(keys), "nothing"):
                given = f"Bearer {token}" if header == "Authorization" else token
                answers.append(await client.get("/v1/models", headers={header: given}))
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[-1].text)}
    assert named(events, ("bait",)) == []


async def test_nobody_ends_the_server_by_asking_for_it(tmp_path: Path) -> None:
    async with connect(tmp_path) as client:
        for method in ("GET", "POST"):
            for command in ("exit", "restart"):
                answer = await ask(client, method, "/control", {"command": command})
                assert answer.status_code == 403
        assert (await client.get("/ping")).status_code == 200
