"""What a listener's hanging up looks like from a replica's stream."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ray.serve.exceptions import RequestCancelledError

from deployments.credit import CreditLinks
from deployments.replica_stream import RemoteSpeech


class Cancelled:
    """Items of a request that Serve has cancelled."""

    def __aiter__(self) -> Cancelled:
        return self

    async def __anext__(self) -> Any:
        raise RequestCancelledError("r")

    def cancel(self) -> None:
        """Nothing is left to cancel."""


async def test_it_is_no_error_of_the_replica() -> None:
    items: Any = Cancelled()
    speech = RemoteSpeech(items, CreditLinks(), lambda replica, room: None)
    with pytest.raises(asyncio.CancelledError):
        await speech.be_admitted()
