"""Who does without a slot for a while, so that somebody else has it.

A slot is wanted by whoever has room for more audio, and of no use to whoever has none. So those who have none
lend theirs. Where more listeners than there are slots have room, the one who is far ahead lends it to the one
who would run dry sooner.
"""

from __future__ import annotations

from collections.abc import Sequence as ManyOf

from tts_core.engine.sequence import Sequence, SequenceStatus

MARGIN_S = 2.0
"""Seconds of audio for which a slot changes hands: for less, going and coming back isn't worth their time."""


def lender_for(newcomer: Sequence, idle: ManyOf[Sequence], running: ManyOf[Sequence]) -> Sequence | None:
    """Return who gives up their slot for a newcomer, or None if nobody is to.

    Args:
        newcomer: what could enter a slot if there were one.
        idle: what holds a slot and has a listener without room; who has had none for the longest comes first,
            since they are the likeliest to have stopped listening.
        running: what holds a slot and has a listener with room.
    """
    listener = newcomer.listener
    if idle and (newcomer.status is SequenceStatus.WAITING or listener.has_room_for(MARGIN_S)):
        return idle[0]
    furthest = max(running, key=lambda one: one.listener.deadline, default=None)
    if furthest is not None and furthest.listener.deadline > listener.deadline + MARGIN_S:
        return furthest
    return None
