"""Tells Serve which models a replica holds, so that requests for them are sent there.

`serve.multiplexed` does that, too, but only together with its own table: that one evicts before it knows
that the newcomer can be loaded, whether or not anyone listens, and a load that is cancelled leaves a model
behind that nothing knows of any more. So it is told what that table would tell it, by the same call.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from ray import serve
from ray.exceptions import RayError
from ray.serve._private.common import RequestRoutingInfo
from ray.serve.context import _get_global_client
from ray.serve.exceptions import RayServeException

logger = logging.getLogger("ray.serve")


def tell_serve(models: Collection[str]) -> None:
    """Say which models this replica holds or is loading. Returns at once; handles know within a moment.

    While Serve's controller is away, they go by what they knew: a replica that is asked for a model which it
    doesn't hold loads it.
    """
    info = RequestRoutingInfo(serve.get_replica_context().replica_id, multiplexed_model_ids=sorted(models))
    try:
        client: Any = _get_global_client()
        client.record_request_routing_info(info)
    except (RayError, RayServeException, ValueError) as error:
        logger.warning("Serve wasn't told that this replica holds %s: %s", sorted(models), error)


def tell_nobody(models: Collection[str]) -> None:
    """For a deployment of one model: every replica has it."""
