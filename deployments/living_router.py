"""Which replica gets a request: the less busy of two that show signs of life, and haven't just been full."""

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

from deployments.full_replicas import is_full
from deployments.pulse import is_silent


class LivingRouter(FIFOMixin, LocalityMixin, MultiplexMixin, RequestRouter):
    """Serve's own choice of two, less the replicas that are silent, and those that have just been full.

    Serve itself would send silent ones more than others: their streams leave, so they look idle. It takes
    them out once their health checks have failed, many seconds later. To ask a full one while another has
    room costs whoever asks the time of an answer.
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
        model = _model_of(pending_request)
        ids = _living(preferred) or _living(everyone) or list(preferred)
        ids = [one for one in ids if not is_full(one.unique_id, model)] or ids
        chosen = random.sample(ids, min(2, len(ids)))
        return [[self.curr_replicas[one] for one in chosen]]

    def _preferred(self, request: PendingRequest | None) -> set[ReplicaID]:
        found: set[ReplicaID]
        if _model_of(request):
            found = self.apply_multiplex_routing(pending_request=request)
        else:
            found = self.apply_locality_routing(pending_request=request)
        return found


def _model_of(request: PendingRequest | None) -> str:
    """Return which of several models a request is for; "" where there is one, or it may be loaded first."""
    return request.metadata.multiplexed_model_id if request is not None else ""


def _living(ids: Iterable[ReplicaID]) -> list[ReplicaID]:
    return [one for one in ids if not is_silent(one.unique_id)]
