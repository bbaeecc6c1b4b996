"""Which replica gets a request: the less busy of two that show signs of life."""

from __future__ import annotations

import random
from collections.abc import Iterable

from ray.serve.request_router import (
    FIFOMixin,
    LocalityMixin,
    MultiplexMixin,
    PendingRequest,
    ReplicaID,
    RequestRouter,
    RunningReplica,
)

from deployments.pulse import is_silent


class LivingRouter(FIFOMixin, LocalityMixin, MultiplexMixin, RequestRouter):
    """Serve's own choice of two, less the replicas that are silent.

    Serve itself would send them more than others: their streams leave, so they look idle. It takes them out
    once their health checks have failed, many seconds later.
    """

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """Return two candidates, of which Serve takes the one with fewer streams."""
        preferred = self._preferred(pending_request)
        if not preferred:
            return []
        # Where the only replica with the model in memory is silent, another one has to load it.
        everyone = [replica.replica_id for replica in candidate_replicas]
        ids = _living(preferred) or _living(everyone) or list(preferred)
        chosen = random.sample(ids, min(2, len(ids)))
        return [[self.curr_replicas[one] for one in chosen]]

    def _preferred(self, request: PendingRequest | None) -> set[ReplicaID]:
        found: set[ReplicaID]
        if request is not None and request.metadata.multiplexed_model_id:
            found = self.apply_multiplex_routing(pending_request=request)
        else:
            found = self.apply_locality_routing(pending_request=request)
        return found


def _living(ids: Iterable[ReplicaID]) -> list[ReplicaID]:
    return [one for one in ids if not is_silent(one.unique_id)]
