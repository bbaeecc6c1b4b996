"""The page: alone in its file, safe with what servers say, and drawn without a fault in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.load.document import build_document
from benchmarks.load.failures import Failure
from benchmarks.load.lag import OwnLoad
from benchmarks.load.record import Chunk, RequestRecord
from benchmarks.load.report import MAX_CURVES, gap_bins, page_data, render_page
from benchmarks.load.runner import LoadResult
from benchmarks.load.settings import LoadSettings, Pace, Target

if TYPE_CHECKING:
    from playwright.async_api import Browser

NASTY = "</script><img src=x onerror=alert(1)> /*CODE*/ \u2028"


def run_of(num_heard: int, num_failed: int = 0) -> dict[str, Any]:
    """Return the document of a run with these many listeners, every third of them with an underrun."""
    records = []
    for index in range(num_heard):
        at_s = 0.1 * index
        times = (at_s + 0.2, at_s + 0.5, at_s + (2.0 if index % 3 == 0 else 0.9))
        chunks = [Chunk(time_s, 100, 0.5 * (n + 1)) for n, time_s in enumerate(times)]
        record = RequestRecord(index, at_s, voice="anna", lang="en", num_chars=9, sent_s=at_s, status=200)
        record.first_byte_s = record.audible_s = times[0]
        record.end_s, record.audio_s, record.chunks = times[-1], 1.5, chunks
        records.append(record)
    for index in range(num_heard, num_heard + num_failed):
        refused = RequestRecord(index, 0.1, sent_s=0.1, end_s=0.2, status=429)
        refused.fail(Failure("overloaded", NASTY))
        records.append(refused)
    settings = LoadSettings(Target("http://127.0.0.1:8000"), Pace(rate=10, duration_s=2))
    own_load = OwnLoad([0.001, 0.2], cpu_s=0.1, wall_s=3.0)
    return build_document(settings, LoadResult(records, len(records), 3.0, own_load, 0.0, False))


def embedded(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


def test_the_page_fetches_nothing() -> None:
    page = render_page(run_of(3, 1))
    without_data = re.sub(r'<script id="data".*?</script>', "", page, flags=re.DOTALL)
    outside = re.findall(r"https?://[^\s\"'`]+", without_data)
    assert set(outside) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(src|href)\s*=|url\(|@import|fetch\(|import\(", without_data)


def test_what_a_server_says_stays_text() -> None:
    page = render_page(run_of(1, 1))
    assert page.count("</script>") == 2
    assert "<img" not in page
    assert embedded(page)["requests"][1]["message"] == NASTY


def test_the_page_holds_the_figures_of_the_document() -> None:
    document = run_of(4)
    data = page_data(document)
    assert data["summary"] == document["summary"]
    assert data["figures"]["TTFA p50"] == "200 ms"
    assert data["figures"]["underruns"] == "2"
    assert "chunks" not in data["requests"][0]
    assert data["generator_lagging"]
    assert data["warnings"]


def test_only_the_curves_that_fared_worst_are_kept() -> None:
    data = page_data(run_of(MAX_CURVES + 30))
    assert (len(data["curves"]), data["num_played"]) == (MAX_CURVES, MAX_CURVES + 30)
    num_dry = sum(request["lowest_headroom_s"] < 0 for request in data["requests"])
    assert sum(curve["ran_dry"] for curve in data["curves"]) == num_dry


def test_gaps_are_counted_in_logarithmic_bins_without_holes() -> None:
    bins = gap_bins([0.0, 0.00005, 0.001, 0.0011, 0.1])
    assert sum(count for _, _, count in bins) == 3
    assert bins[0][0] == pytest.approx(0.001)
    assert bins[0][2] == 2
    assert [high for _, high, _ in bins[:-1]] == [low for low, _, _ in bins[1:]]
    assert gap_bins([]) == []


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    "document", [run_of(12, 2), run_of(0, 3), run_of(0)], ids=["mixed", "refused", "empty"]
)
async def test_the_page_draws_in_a_browser(
    document: dict[str, Any], tmp_path: Path, browser: Browser
) -> None:
    page_file = tmp_path / "page.html"
    page_file.write_text(render_page(document), "utf-8")
    problems: list[str] = []
    page = await browser.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url) if "file:" not in request.url else None)
    await page.goto(page_file.as_uri())
    assert await page.locator(".tile").count() == 8
    assert await page.locator("article svg g").count() == len(document["requests"])
    assert "NaN" not in await page.content()
    theme = await page.evaluate("document.documentElement.dataset.theme")
    await page.click("#theme")
    assert await page.evaluate("document.documentElement.dataset.theme") != theme
    await page.close()
    assert problems == []
