"""Pulling from a hub on localhost: whole, interrupted, damaged, absent."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests.unit.models.gpt_sovits_weights.fake_hub import COMMIT, FakeHub
from tts_core.errors import InvalidCheckpoint, InvalidConfig, MissingWeights
from tts_core.models.gpt_sovits.weights import weights_layout
from tts_core.models.gpt_sovits.weights.pull import pull_weights

SOVITS = "v2Pro/s2Gv2Pro.pth"
CONFIG = "chinese-hubert-base/config.json"
HALF = 30_000


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_file_of_the_version_arrives_whole_and_nothing_else(hub: FakeHub, tmp_path: Path) -> None:
    hub.files["s2G488k.pth"] = b"of another version"
    paths = pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    assert contents(tmp_path) == {name: hub.files[name] for name in weights_layout("v2Pro").files}
    assert paths.sovits == tmp_path / SOVITS
    assert paths.speaker == tmp_path / "sv/pretrained_eres2netv2w24s4ep4.ckpt"


def test_all_files_come_from_one_revision_and_no_token_is_sent(hub: FakeHub, tmp_path: Path) -> None:
    pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    revisions = [path.partition("/")[0] for _, path, _ in hub.requests]
    assert set(revisions[1:]) == {COMMIT}
    assert hub.credentials == []


def test_progress_is_told_for_each_file_up_to_its_size(hub: FakeHub, tmp_path: Path) -> None:
    told: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    pull_weights(
        "v2Pro", tmp_path, hub.endpoint, lambda name, *bytes_: told[name].append((bytes_[0], bytes_[1]))
    )
    assert told.keys() == hub.files.keys()
    for name, steps in told.items():
        size = len(hub.files[name])
        assert steps[-1] == (size, size)
        assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_whole_files_are_kept_without_a_download(hub: FakeHub, tmp_path: Path) -> None:
    pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    hub.requests.clear()
    pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    assert {method for method, _, _ in hub.requests} == {"HEAD"}


@pytest.mark.parametrize("name", [SOVITS, CONFIG])
def test_a_file_that_has_changed_here_is_fetched_again(hub: FakeHub, tmp_path: Path, name: str) -> None:
    pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    damaged = bytearray(hub.files[name])
    damaged[7] ^= 1
    (tmp_path / name).write_bytes(damaged)
    pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    assert (tmp_path / name).read_bytes() == hub.files[name]


def test_a_lost_connection_is_taken_up_again_where_it_broke(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks_after[SOVITS] = HALF
    pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    assert hub.gets(SOVITS) == [None, f"bytes={HALF}-"]
    assert (tmp_path / SOVITS).read_bytes() == hub.files[SOVITS]


def test_an_interrupted_pull_goes_on_in_the_next_one(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks_after[SOVITS] = HALF
    hub.goes_down_after_a_break = True
    with pytest.raises(
        MissingWeights, match="Run the same command again to go on where it stopped"
    ) as caught:
        pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    assert SOVITS in caught.value.message
    assert not (tmp_path / SOVITS).exists()

    hub.is_down = False
    hub.requests.clear()
    told: list[int] = []
    pull_weights(
        "v2Pro", tmp_path, hub.endpoint, lambda name, done, _: told.append(done) if name == SOVITS else None
    )
    assert hub.gets(SOVITS) == [f"bytes={HALF}-"]
    assert told[0] == HALF
    assert contents(tmp_path) == {name: hub.files[name] for name in weights_layout("v2Pro").files}


@pytest.mark.parametrize("name", [SOVITS, CONFIG])
def test_a_damaged_download_is_refused_deleted_and_fetched_afresh(
    hub: FakeHub, tmp_path: Path, name: str
) -> None:
    hub.corrupted = {name}
    with pytest.raises(InvalidCheckpoint, match=r"expected checksum .* found .* has been deleted") as caught:
        pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    assert caught.value.param == name
    assert not any(Path(left).name.startswith(Path(name).name) for left in contents(tmp_path) if name in left)
    hub.corrupted = set()
    pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    assert hub.gets(name)[-1] is None
    assert (tmp_path / name).read_bytes() == hub.files[name]


def test_a_damaged_download_leaves_the_file_that_was_there(hub: FakeHub, tmp_path: Path) -> None:
    older = tmp_path / SOVITS
    older.parent.mkdir()
    older.write_bytes(b"an older release")
    hub.corrupted = {SOVITS}
    with pytest.raises(InvalidCheckpoint):
        pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    assert older.read_bytes() == b"an older release"


def test_a_part_longer_than_the_file_is_thrown_away(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks_after[SOVITS] = HALF
    hub.goes_down_after_a_break = True
    with pytest.raises(MissingWeights):
        pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    (part,) = (tmp_path / SOVITS).parent.glob("*.part")
    part.write_bytes(b"\0" * 99_999)
    hub.is_down = False
    pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    assert (tmp_path / SOVITS).read_bytes() == hub.files[SOVITS]


def test_a_hub_without_the_file_is_named(hub: FakeHub, tmp_path: Path) -> None:
    del hub.files[SOVITS]
    with pytest.raises(MissingWeights, match=f"{SOVITS}: expected it at {hub.endpoint}"):
        pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)


def test_a_hub_that_is_down_is_named(hub: FakeHub, tmp_path: Path) -> None:
    hub.is_down = True
    with pytest.raises(MissingWeights, match=f"expected it at {hub.endpoint}"):
        pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)


def test_a_hub_that_gives_no_checksum_is_not_trusted(hub: FakeHub, tmp_path: Path) -> None:
    hub.without_checksum = True
    with pytest.raises(MissingWeights, match="expected its size and checksum"):
        pull_weights("v2Pro", tmp_path, endpoint=hub.endpoint)
    assert contents(tmp_path) == {}


def test_no_hub_at_all_is_an_error_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights):
        pull_weights("v2Pro", tmp_path, endpoint="http://127.0.0.1:9")


def test_an_unknown_version_asks_the_hub_nothing(hub: FakeHub, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"found 'v3' \(it is recognised, and comes later\)"):
        pull_weights("v3", tmp_path, endpoint=hub.endpoint)
    assert hub.requests == []
