"""Flaws of takes for those who watch over the service: counted, and in the log under the request's id."""

from __future__ import annotations

import logging

from tts_core.models.gpt_sovits.guards.takes import Flaw, Verdict
from tts_core.stats import GuardStats

_log = logging.getLogger(__name__)


def counts_of(verdict: Verdict) -> GuardStats:
    """Return what a take adds to the figures."""
    flaw, is_last = verdict.flaw, verdict.codes is not None
    return GuardStats(
        num_segments=int(is_last),
        num_lost=int(flaw is Flaw.LOST),
        num_loops=int(flaw is Flaw.LOOP),
        num_runaways=int(flaw is Flaw.RUNAWAY),
        num_retries=int(not is_last),
        num_kept=int(is_last and flaw is not None),
    )


def report(verdict: Verdict, request_id: str, segment: int) -> None:
    """Write a flaw to the log: as information where it is mended, as a warning where it is heard."""
    if verdict.flaw is None:
        return
    whose = f"take {verdict.take} of segment {segment} of request {request_id!r}"
    if verdict.codes is None:
        _log.info(
            "%s after %d tokens: %s; it is said again",
            verdict.flaw.value,
            verdict.num_tokens,
            whose,
            extra={"stream_id": request_id},
        )
    else:
        _log.warning(
            "%s after %d tokens: %s; %d tokens are spoken",
            verdict.flaw.value,
            verdict.num_tokens,
            whose,
            len(verdict.codes),
            extra={"stream_id": request_id},
        )
