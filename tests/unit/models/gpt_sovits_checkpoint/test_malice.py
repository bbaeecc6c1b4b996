"""Files that try to run something: each shown to be live ammunition, then to do nothing here."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tts_core.errors import InvalidCheckpoint
from tts_core.models.gpt_sovits.checkpoint import inspect_checkpoint, read_checkpoint, read_state_dict
from tts_core.models.gpt_sovits.checkpoint.pickle_machine import UnreadablePickle, parse_pickle


class Payload:
    """Unpickled, it calls `function(*arguments)`."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


PAYLOADS: dict[str, Callable[[Path], Payload]] = {
    "os.system": lambda canary: Payload(os.system, f"touch {canary}"),
    "subprocess": lambda canary: Payload(subprocess.getoutput, f"touch {canary}"),
    "eval": lambda canary: Payload(eval, f"open({str(canary)!r}, 'w').close()"),
    "exec": lambda canary: Payload(exec, f"open({str(canary)!r}, 'w').close()"),
    "getattr": lambda canary: Payload(canary.touch),
}
PLACES: dict[str, Callable[[Any], Any]] = {
    "root": lambda payload: payload,
    "weight": lambda payload: OrderedDict(weight=OrderedDict(a=payload), config={}, info=""),
    "config": lambda payload: OrderedDict(weight={}, config={"model": [payload]}, info=""),
    "info": lambda payload: OrderedDict(weight={}, config={}, info=payload),
    "key": lambda payload: OrderedDict(weight={(payload,): torch.zeros(1)}, config={}, info=""),
}
FORMS = {"zip": {}, "legacy": {"_use_new_zipfile_serialization": False}}


def assert_harmless(path: Path, canary: Path) -> None:
    for read in (read_checkpoint, inspect_checkpoint, read_state_dict):
        with pytest.raises(InvalidCheckpoint):
            read(path)
        assert not canary.exists()


@pytest.mark.parametrize("header", [None, b"00", b"03", b"05", b"06"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_never_runs(tmp_path: Path, name: str, place: str, form: str, header: bytes | None) -> None:
    canary = tmp_path / "canary"
    path = tmp_path / "s2G.pth"
    torch.save(PLACES[place](PAYLOADS[name](canary)), path, **FORMS[form])
    torch.load(path, weights_only=False)
    assert canary.exists(), "the payload is a dud, so the test proves nothing"
    canary.unlink()
    if header:
        path.write_bytes(header + path.read_bytes()[2:])
    assert_harmless(path, canary)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_payload_never_runs_in_any_pickle_protocol(tmp_path: Path, protocol: int) -> None:
    canary = tmp_path / "canary"
    pickled = pickle.dumps(PAYLOADS["os.system"](canary), protocol)
    pickle.loads(pickled)
    assert canary.exists()
    canary.unlink()
    path = tmp_path / "s2G.pth"
    path.write_bytes(pickled)
    assert_harmless(path, canary)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("s2G/data.pkl", pickled)
    assert_harmless(path, canary)


def test_the_refusal_says_what_the_file_wanted_to_call(tmp_path: Path) -> None:
    path = tmp_path / "s1.ckpt"
    torch.save(PLACES["config"](Payload(os.system, "true")), path)
    with pytest.raises(InvalidCheckpoint, match=rf"names {os.name}\.system, which no checkpoint needs"):
        read_checkpoint(path)


def opcodes(*parts: bytes) -> bytes:
    return b"\x80\x02" + b"".join(parts) + b"."


HPARAMS = b"cutils\nHParams\n"
ATTACKS = {
    "HParams called with a name": opcodes(HPARAMS, b"ccollections\nOrderedDict\n\x85R"),
    "a name called through REDUCE": opcodes(b"ccollections\nOrderedDict\n", b"(X\x01\0\0\0at", b"R"),
    "a tensor from nothing": opcodes(b"ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR"),
    "an attribute of an allowed class": opcodes(b"cutils\nHParams.__init__\n"),
    "a dunder of an allowed module": opcodes(b"ccollections\n__builtins__\n"),
    "state for a class": opcodes(HPARAMS, b"}X\x01\0\0\0aK\x01sb"),
    "state for a tuple": opcodes(b")}b"),
    "a persistent id of its own": opcodes(b"X\x04\0\0\0evilQ"),
    "an extension code": opcodes(b"\x82\x01"),
    "an instance": opcodes(b"(cos\nsystem\nX\x04\0\0\0trueo"),
    "a recursive list": opcodes(b"]q\0h\0a"),
    "an empty stack": opcodes(b"0"),
    "two values": opcodes(b"NN"),
    "a missing memo": opcodes(b"h\x07"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_crafted_pickle_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "s1.ckpt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("s1/data.pkl", ATTACKS[name])
    assert_harmless(path, tmp_path / "canary")


def test_a_config_that_contains_itself_is_refused(tmp_path: Path) -> None:
    config: dict[str, Any] = {}
    config["config"] = config
    torch.save({"weight": {}, "config": config}, tmp_path / "s1.ckpt")
    with pytest.raises(InvalidCheckpoint, match="JSON can't hold"):
        read_checkpoint(tmp_path / "s1.ckpt")


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_value_or_in_the_one_error(data: bytes) -> None:
    for pickled in (data, b"\x80\x02" + data + b"."):
        with suppress(UnreadablePickle):
            parse_pickle(pickled)


def test_nothing_that_a_file_names_is_imported() -> None:
    script = (
        "import sys\n"
        "from tts_core.models.gpt_sovits.checkpoint.pickle_machine import UnreadablePickle, parse_pickle\n"
        "for name in (b'antigravity\\nx', b'utils\\nHParams', b'torch\\nHalfStorage'):\n"
        "    try:\n"
        "        parse_pickle(b'\\x80\\x02c' + name + b'\\n.')\n"
        "    except UnreadablePickle:\n"
        "        pass\n"
        "assert not {'antigravity', 'utils', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
