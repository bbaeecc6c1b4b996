"""How far a listener got."""

from __future__ import annotations

from deployments.websocket.clause_detector import Clause, Ending
from deployments.websocket.spoken import Account

FIRST, SECOND = "One two three. ", "Four five six. "


def account(now_s: float = 0.0) -> Account:
    """Return one that has sent the first clause whole, in 2 s and a pause, and 1 s of the second."""
    sent = Account()
    sent.begin(Clause(FIRST, 0, Ending.SENTENCE))
    sent.add(2.0, now_s)
    sent.complete()
    sent.add(0.5, now_s)
    sent.begin(Clause(SECOND, len(FIRST), Ending.SENTENCE))
    sent.add(1.0, now_s)
    return sent


def test_what_the_client_played_decides() -> None:
    report = account().report(2.2, 0.0, "Pending")
    assert (report.spoken_text, report.unspoken_text) == (FIRST, SECOND + "Pending")
    assert (report.sent_ms, report.played_ms, report.is_estimate) == (3500, 2200, False)


def test_no_word_counts_before_its_end() -> None:
    assert account().report(1.0, 0.0, "").spoken_text == "One two"
    assert account().report(0.1, 0.0, "").spoken_text == ""


def test_a_client_cant_have_played_more_than_it_got() -> None:
    report = account().report(99.0, 0.0, "")
    assert report.played_ms == 3500
    assert report.spoken_text == FIRST + "Four "


def test_without_a_word_of_the_client_it_played_in_real_time() -> None:
    report = account(now_s=10.0).report(None, 11.0, "")
    assert (report.played_ms, report.is_estimate, report.spoken_text) == (1000, True, "One two")


def test_playback_waits_for_audio() -> None:
    late = account(now_s=0.0)
    late.add(1.0, 100.0)  # ran dry at 3.5
    assert late.report(None, 100.25, "").played_ms == 3750


def test_what_was_heard_long_ago_is_forgotten_but_counted() -> None:
    long = Account()
    start = 0
    for number in range(300):
        text = f"This is sentence number {number} of quite a lot of them in a long and weary evening. "
        long.begin(Clause(text, start, Ending.SENTENCE))
        start += len(text)
        long.add(0.1, 0.0)
        long.complete()
    report = long.report(None, 1e6, "")
    assert report.spoken_chars == start
    assert 19_000 < len(report.spoken_text) <= 20_000


def test_the_rest_of_a_clause_is_reckoned_from_those_before() -> None:
    # 2 s for 15 characters, and 1 s of the next 15 was sent.
    assert abs(account().remaining_s() - 1.0) < 0.01
