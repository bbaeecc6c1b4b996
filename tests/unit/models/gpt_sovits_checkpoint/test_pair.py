"""Which T2S speaks with which SoVITS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.unit.models.gpt_sovits_checkpoint.conftest import Pair
from tts_core.errors import InvalidCheckpoint
from tts_core.models.gpt_sovits.checkpoint import check_pair, read_checkpoint
from tts_core.models.gpt_sovits.weights import VERSIONS


@pytest.mark.parametrize("sovits_version", VERSIONS)
@pytest.mark.parametrize("t2s_version", VERSIONS)
def test_a_pair_needs_one_symbol_table(
    pairs: Mapping[str, Pair], t2s_version: str, sovits_version: str
) -> None:
    t2s = read_checkpoint(pairs[t2s_version].t2s)
    sovits = read_checkpoint(pairs[sovits_version].sovits)
    if (t2s_version == "v1") == (sovits_version == "v1"):
        check_pair(t2s, sovits)
        return
    with pytest.raises(InvalidCheckpoint) as caught:
        check_pair(t2s, sovits)
    assert f"{t2s.path} (t2s {t2s.version})" in caught.value.message
    assert f"{sovits.path} (sovits {sovits_version})" in caught.value.message
    assert "one symbol table" in caught.value.message


def test_files_in_each_other_s_place_are_refused(pairs: Mapping[str, Pair]) -> None:
    t2s, sovits = read_checkpoint(pairs["v2"].t2s), read_checkpoint(pairs["v2"].sovits)
    for first, second in ((sovits, t2s), (t2s, t2s), (sovits, sovits)):
        with pytest.raises(InvalidCheckpoint, match="in this order"):
            check_pair(first, second)


def test_tokens_and_codes_must_agree_in_number(pairs: Mapping[str, Pair]) -> None:
    t2s, sovits = read_checkpoint(pairs["v2"].t2s), read_checkpoint(pairs["v2"].sovits)
    key = "quantizer.vq.layers.0._codebook.embed"
    fewer = replace(sovits, tensors={**sovits.tensors, key: sovits.tensors[key][:512]})
    with pytest.raises(InvalidCheckpoint, match=r"\(1025, 512\)"):
        check_pair(t2s, fewer)
    none = replace(sovits, tensors={name: value for name, value in sovits.tensors.items() if name != key})
    with pytest.raises(InvalidCheckpoint, match=f"with {key}"):
        check_pair(t2s, none)
