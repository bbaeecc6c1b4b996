from __future__ import annotations

from typing import Any

import pytest

from benchmarks.load.failures import Failure
from benchmarks.load.honesty import judge_generator
from benchmarks.load.lag import OwnLoad
from benchmarks.load.record import Chunk, RequestRecord
from benchmarks.load.settings import Pace
from benchmarks.load.summary import Summary, distribution, summarise


def heard(index: int, scheduled_s: float, arrivals: list[tuple[float, float]], **more: Any) -> RequestRecord:
    """Return a listener's record: audible at the first arrival, done at the last."""
    return RequestRecord(
        index,
        scheduled_s,
        sent_s=scheduled_s,
        first_byte_s=arrivals[0][0],
        audible_s=arrivals[0][0],
        end_s=arrivals[-1][0],
        status=200,
        audio_s=arrivals[-1][1],
        chunks=[Chunk(at_s, 100, audio_s) for at_s, audio_s in arrivals],
        **more,
    )


def refused(index: int, code: str) -> RequestRecord:
    record = RequestRecord(index, 0.0, end_s=0.5, status=429)
    record.fail(Failure(code, "no"))
    return record


def summary_of(*records: RequestRecord, pace: Pace | None = None, preroll_s: float = 0.0) -> Summary:
    pace = pace or Pace(concurrency=1, num_requests=4)
    return summarise(records, pace=pace, num_planned=len(records), wall_s=4.0, preroll_s=preroll_s)


SMOOTH = heard(0, 1.0, [(1.5, 1.0), (2.0, 4.0)])
STALLED = heard(1, 1.0, [(2.0, 0.5), (3.5, 1.0)])


def test_percentiles_are_measured_values_by_nearest_rank() -> None:
    spread = distribution(float(n) for n in range(1, 101))
    assert spread is not None
    assert (spread.p50, spread.p95, spread.p99, spread.max) == (50.0, 95.0, 99.0, 100.0)
    assert (spread.count, spread.min, spread.mean) == (100, 1.0, 50.5)
    few = distribution([3.0, None, 1.0])
    assert few is not None
    assert (few.p50, few.p95, few.p99) == (1.0, 3.0, 3.0)
    assert distribution([None]) is None


def test_latencies_count_from_the_scheduled_arrival() -> None:
    late = heard(0, 1.0, [(1.5, 1.0), (2.0, 4.0)])
    late.sent_s = 1.25
    summary = summary_of(late)
    assert summary.ttfa_s is not None
    assert summary.ttfa_s.max == 0.5
    assert summary.first_byte_s is not None
    assert summary.first_byte_s.max == 0.5
    assert summary.rtf is not None
    assert summary.rtf.max == 0.25


def test_figures_of_a_run_are_exact() -> None:
    summary = summary_of(SMOOTH, STALLED, refused(2, "overloaded"), refused(3, "overloaded"))
    assert (summary.num_ok, summary.num_failed, summary.errors) == (2, 2, {"overloaded": 2})
    assert (summary.audio_s, summary.audio_s_per_s) == (5.0, 1.25)
    assert (summary.achieved_per_s, summary.offered_per_s) == (0.5, None)
    runs_dry = summary.underruns
    assert (runs_dry.played, runs_dry.listeners, runs_dry.total) == (2, 1, 1)
    assert (runs_dry.stalled_s, runs_dry.longest_s) == (1.0, 1.0)
    assert summary.longest_gap_s is not None
    assert (summary.longest_gap_s.min, summary.longest_gap_s.max) == (0.5, 1.5)
    assert summary.lowest_headroom_s is not None
    assert (summary.lowest_headroom_s.min, summary.lowest_headroom_s.max) == (-1.0, 0.5)


def test_preroll_changes_what_a_listener_suffers() -> None:
    assert summary_of(STALLED, preroll_s=1.0).underruns.total == 0


def test_offered_rate_is_planned_arrivals_over_the_planned_time() -> None:
    assert summary_of(SMOOTH, STALLED, pace=Pace(rate=3, duration_s=4)).offered_per_s == 0.5


def test_chaos_clients_count_in_totals_and_in_nothing_a_listener_feels() -> None:
    stalling = heard(1, 0.0, [(3.0, 0.1), (4.0, 1.0)], role="stall", acted=True)
    summary = summary_of(SMOOTH, stalling)
    assert summary.acted == {"stall": 1}
    assert summary.num_ok == 2
    assert summary.ttfa_s is not None
    assert summary.ttfa_s.count == 1
    assert summary.underruns.total == 0


def test_a_cut_stream_is_an_error_a_wait_and_no_rtf() -> None:
    cut = heard(0, 0.0, [(0.5, 0.5)])
    cut.num_bytes, cut.end_s = 100, 2.0
    cut.fail(Failure("truncated", "gone"))
    summary = summary_of(cut)
    assert (summary.num_truncated, summary.errors) == (1, {"truncated": 1})
    assert (summary.underruns.total, summary.underruns.stalled_s) == (1, 1.0)
    assert summary.rtf is None
    assert summary.ttfa_s is not None


def test_the_first_reason_of_a_failure_stands() -> None:
    record = refused(0, "overloaded")
    record.fail(Failure("interrupted", ""))
    assert record.code == "overloaded"


def test_a_quiet_generator_has_nothing_to_warn_of() -> None:
    report = judge_generator(OwnLoad([0.001] * 100, cpu_s=0.4, wall_s=4.0), [SMOOTH], summary_of(SMOOTH), 0.1)
    assert (report.generator_lagging, report.warnings) == (False, [])
    assert report.cpu_share == 0.1
    assert report.loop_lag_s is not None
    assert report.loop_lag_s.p99 == 0.001


def test_lag_over_its_share_of_the_median_ttfa_is_a_warning() -> None:
    own_load = OwnLoad([0.001] * 98 + [0.051] * 2, cpu_s=0.4, wall_s=4.0)
    [warning] = judge_generator(own_load, [SMOOTH], summary_of(SMOOTH), 0.1).warnings
    assert warning == "event-loop lag p99 is 51.0 ms, over 10% of the median TTFA (500.0 ms)"
    assert judge_generator(own_load, [SMOOTH], summary_of(SMOOTH), 0.11).warnings == []


def test_sending_late_is_a_warning() -> None:
    late = heard(0, 1.0, [(1.5, 1.0), (2.0, 4.0)])
    late.sent_s = 1.1
    [warning] = judge_generator(OwnLoad([0.0], 0.1, 4.0), [late], summary_of(late), 0.1).warnings
    assert warning.startswith("send lateness p99 is 100.0 ms")


def test_lag_near_the_length_of_the_underruns_is_a_warning() -> None:
    slow = heard(0, 0.0, [(2.0, 0.5), (2.75, 1.0)])
    warnings = judge_generator(OwnLoad([0.15], 0.1, 4.0), [slow], summary_of(slow), 0.1).warnings
    assert [warning.partition(", over")[2] for warning in warnings] == [
        " 10% of the mean underrun (250.0 ms)"
    ]


def test_a_busy_core_is_a_warning() -> None:
    [warning] = judge_generator(OwnLoad([], 3.8, 4.0), [SMOOTH], summary_of(SMOOTH), 0.1).warnings
    assert "95% of a core" in warning


@pytest.mark.parametrize("records", [(), (refused(0, "overloaded"),)])
def test_a_run_without_audio_has_a_summary_all_the_same(records: tuple[RequestRecord, ...]) -> None:
    summary = summary_of(*records)
    assert summary.ttfa_s is None
    assert summary.underruns.played == 0
    assert not judge_generator(OwnLoad([1.0], 0.1, 4.0), records, summary, 0.1).generator_lagging
