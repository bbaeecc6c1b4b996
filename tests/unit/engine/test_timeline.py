"""What an engine writes down of each request."""

from __future__ import annotations

from tests.unit.engine.bench import Bench
from tests.unit.models.gpt_sovits_engine.support import TEXT, request
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.sampling_params import SamplingParams
from tts_core.timeline import Timeline

NUM_TOKENS = 12
SHORT = SamplingParams(ignore_eos=True, max_tokens=NUM_TOKENS)


def test_stages_are_counted_for_each_and_for_all(model: LoadedModel) -> None:
    bench = Bench(model)
    first, second = (bench.add(request(TEXT[0], request_id=name, sampling=SHORT)) for name in "ab")
    bench.run()
    for listener in (first, second):
        stages = listener.timeline.stages
        assert stages.keys() == {"prefill", "decode", "latents", "vocode"}
        assert stages["prefill"].num_steps == 1
        assert stages["decode"].num_steps == NUM_TOKENS - 1  # the prompt gives the first token
        assert stages["decode"].num_rows > stages["decode"].num_steps  # they were decoded together
    stats = bench.diary.stages()
    assert stats["prefill"].num_steps == 2
    assert stats["decode"].num_rows == 2 * (NUM_TOKENS - 1)
    assert stats["decode"].num_steps < stats["decode"].num_rows
    assert {name for name, stage in stats.items() if stage.busy_s > 0} == stages.keys()


def test_moments_are_in_order(model: LoadedModel) -> None:
    bench = Bench(model)
    timeline = bench.add(request(TEXT[0], sampling=SHORT)).timeline
    assert timeline.read_s is None
    bench.read()
    assert timeline.begun_s is None
    bench.run()
    assert timeline.read_s is not None
    assert timeline.begun_s is not None
    assert timeline.opened_s <= timeline.read_s <= timeline.begun_s <= timeline.stages["decode"].first_s


def test_the_first_step_is_the_beginning() -> None:
    timeline = Timeline()
    timeline.took_part("prefill", 5.0, 1.0, 1)
    timeline.took_part("decode", 6.0, 0.5, 2)
    assert timeline.begun_s == 4.0
