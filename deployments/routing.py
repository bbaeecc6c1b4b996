"""Tells Serve which models a replica holds, so that requests for them are sent there.

`serve.multiplexed` does that, too, but only together with its own table: that one evicts before it knows
that the newcomer can be loaded, whether or not anyone listens, and a load that is cancelled leaves a model
behind that nothing knows of any more. So it is told what that table would tell it, by the same call.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ray import serve
from ray.serve._private.common import RequestRoutingInfo
from ray.serve.context import _get_global_client


def tell_serve(models: Collection[str]) -> None:
    """Say which models this replica holds or is loading. Returns at once; handles know within a moment."""
    replica = serve.get_replica_context().replica_id
    client: Any = _get_global_client()
    client.record_request_routing_info(RequestRoutingInfo(replica, multiplexed_model_ids=sorted(models)))


def tell_nobody(models: Collection[str]) -> None:
    """For a deployment of one model: every replica has it."""
