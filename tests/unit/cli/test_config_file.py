"""A configuration is refused for its first mistake, with the place and the remedy, before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel

from deployments.config_file import _Document, load_app_args, load_config
from polyvox.settings import find_config
from tests.unit.cli.running import ROOT
from tts_core.errors import InvalidConfig

GOOD = """\
http_options:
  host: 127.0.0.1
  port: 8123
applications:
  - name: speech
    import_path: deployments.app:build
    args:
      engines:
        - kind: formant
          num_slots: 8
          replica:
            cpus: 1.0
      ingress:
        voice_aliases:
          alloy: en-us
    deployments:
      - name: Ingress
        max_ongoing_requests: 7
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_read_in_full(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    config = load_config(path)
    assert (config.path, config.host, config.port) == (path, "127.0.0.1", 8123)
    assert list(config.apps) == ["speech"]
    assert config.apps["speech"].engines[0].num_slots == 8
    assert load_app_args(path) == config.apps["speech"]


def test_the_projects_own_file_is_valid() -> None:
    assert load_config(ROOT / "serve_config.yaml").apps["polyvox"].ingress.voice_aliases


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "advice"),
    [
        ("http_options:", "http_option:", 1, "http_option", "did you mean http_options?"),
        ("  port:", "  ports:", 3, "http_options.ports", "did you mean port?"),
        ("    name: speech", "", 5, "applications[0].nam", "did you mean name?"),
        ("max_ongoing_requests", "max_ongoing_request", 18,
         "applications[0].deployments[0].max_ongoing_request", "did you mean max_ongoing_requests?"),
        ("num_slots", "num_slot", 10, "applications[0].args.engines[0].num_slot", "did you mean num_slots?"),
        ("cpus", "zzz", 12, "applications[0].args.engines[0].replica.zzz", "there are device, gpus, cpus"),
        ("voice_aliases", "voice_alias", 14, "applications[0].args.ingress.voice_alias", "voice_aliases?"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_found_at_every_level(
    tmp_path: Path, old: str, new: str, line: int, key: str, advice: str
) -> None:
    text = GOOD.replace("- name: speech", "- nam: speech") if key.endswith(".nam") else GOOD.replace(old, new)
    path = write(tmp_path, text)
    with pytest.raises(InvalidConfig) as caught:
        load_config(path)
    assert caught.value.message.startswith(f"{path}:{line}: {key} is not a known key")
    assert advice in caught.value.message
    assert caught.value.param == key


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ("port: 8123", "port: eight", 3, "http_options.port"),
        ("num_slots: 8", "num_slots: '8'", 10, "applications[0].args.engines[0].num_slots"),
        ("cpus: 1.0", "cpus: -1.0", 12, "applications[0].args.engines[0].replica.cpus"),
        ("max_ongoing_requests: 7", "max_ongoing_requests: 0", 18,
         "applications[0].deployments[0].max_ongoing_requests"),
        ("max_ongoing_requests: 7", "autoscaling_config: 5", 18,
         "applications[0].deployments[0].autoscaling_config"),
        ("    import_path: deployments.app:build\n", "", 5, "applications[0].import_path"),
        ("alloy: en-us", "alloy: 7", 15, "applications[0].args.ingress.voice_aliases.alloy"),
        ("kind: formant", "kind: trumpet", 9, "applications[0].args.engines[0].kind"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_found_where_it_stands(
    tmp_path: Path, old: str, new: str, line: int, key: str
) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(InvalidConfig) as caught:
        load_config(path)
    assert caught.value.message.startswith(f"{path}:{line}: {key} is wrong: ")
    assert caught.value.param == key


def test_rules_between_keys_are_told_as_they_are(tmp_path: Path) -> None:
    text = GOOD.replace("voice_aliases:\n          alloy: en-us", "model_aliases:\n          tts-1: missing")
    with pytest.raises(InvalidConfig, match="model alias 'tts-1' names 'missing'") as caught:
        load_config(write(tmp_path, text))
    assert "Value error" not in caught.value.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            GOOD.replace("  port: 8123", "  port: 8123\n  port: 8124"),
            r"config.yaml:3: http_options.port is there twice",
        ),
        ("applications: [", "isn't YAML"),
        ("just a sentence", "expected keys and values"),
        ("", "expected keys and values"),
        ("a: !!python/object/apply:os.getcwd []", "isn't YAML"),
    ],
)
def test_what_isnt_a_configuration(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InvalidConfig, match=message):
        load_config(write(tmp_path, content))


def test_files_that_cant_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("ä: 1".encode("latin-1"))
    for name in ("missing.yaml", "latin.yaml", "."):
        with pytest.raises(InvalidConfig, match="can't be read"):
            load_config(tmp_path / name)


def test_other_peoples_applications_are_left_to_them(tmp_path: Path) -> None:
    text = GOOD.replace("deployments.app:build", "theirs:app").replace("num_slots", "anything")
    path = write(tmp_path, text)
    assert load_config(path).apps == {}
    with pytest.raises(InvalidConfig, match="no application has import_path"):
        load_app_args(path)


class Trumpet(BaseModel):
    kind: Literal["trumpet"]
    valves: int = 3


class Drum(BaseModel):
    kind: Literal["drum"]
    sticks: int = 2


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ({"kind": "trumpet", "sticks": 1}, "there are kind, valves"),
        ({"kind": "drum", "stick": 1}, "did you mean sticks?"),
        ({"valve": 1}, "did you mean valves?"),
    ],
)
def test_the_kind_of_an_engine_decides_which_keys_it_has(value: dict[str, Any], advice: str) -> None:
    document = _Document(Path("config.yaml"), {}, {})
    with pytest.raises(InvalidConfig) as caught:
        document.check_keys([value], tuple[Annotated[Trumpet | Drum, "either"], ...], ())
    assert advice in caught.value.message


def test_the_folders_file_goes_before_the_built_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config(None).resolve() == ROOT / "serve_config.yaml"
    (tmp_path / "serve_config.yaml").touch()
    assert find_config(None).resolve() == tmp_path / "serve_config.yaml"
    assert find_config(Path("other.yaml")) == Path("other.yaml")
