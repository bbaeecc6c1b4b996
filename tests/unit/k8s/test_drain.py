"""A worker waits for whoever listens through it, and no longer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from k8s.drain import QUIET_FOR_S, Activity, established, node_id, streams, wait_until_quiet

OVER = Activity(num_connections=0, num_replicas=0, num_streams=0)
QUIET = Activity(num_connections=0, num_replicas=2, num_streams=0)
SPEAKING = Activity(num_connections=0, num_replicas=2, num_streams=1)
PASSING_THROUGH = Activity(num_connections=3, num_replicas=0, num_streams=0)
UNKNOWN = Activity(num_connections=0, num_replicas=2, num_streams=None)

# Local address, remote address, state: a listener on HAProxy, one who has gone, one on another port, and
# HAProxy waiting for the next.
TCP = """  sl  local_address rem_address   st tx_queue rx_queue
   0: 02004D0A:1F40 FE004D0A:ABEE 01 00000000:00000000
   1: 02004D0A:1F40 FE004D0A:ABFC 06 00000000:00000000
   2: 02004D0A:7530 03004D0A:1F40 01 00000000:00000000
   3: 00000000:1F40 00000000:0000 0A 00000000:00000000
"""

METRICS = """# TYPE ray_serve_replica_processing_queries gauge
ray_serve_replica_processing_queries{application="polyvox",deployment="Ingress",replica="a"} 1.0
ray_serve_replica_processing_queries{application="polyvox",deployment="TTSServer-x",replica="b"} 2.0
ray_serve_replica_processing_queries_of_another_kind{replica="b"} 7.0
"""


class Clock:
    """Time that passes only in `sleep`."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def watch(*phases: tuple[float, Activity], deadline_s: float = 1000) -> tuple[bool, float]:
    """Return whether the wait came to an end in time, and when. The last phase goes on for ever."""
    clock = Clock()

    def observe() -> Activity:
        return next((activity for until, activity in phases if clock.now < until), phases[-1][1])

    done = wait_until_quiet(observe, deadline_s, clock=clock, sleep=clock.sleep)
    return done, clock.now


def test_an_empty_pod_goes_at_once() -> None:
    assert watch((1, OVER)) == (True, 0)


@pytest.mark.parametrize("activity", [SPEAKING, PASSING_THROUGH, UNKNOWN])
def test_it_waits_as_long_as_somebody_may_listen(activity: Activity) -> None:
    assert watch((300, activity), (301, OVER)) == (True, 300)


def test_replicas_that_nobody_can_replace_are_given_up_once_quiet() -> None:
    done, at = watch((100, SPEAKING), (101, QUIET))
    assert done
    assert QUIET_FOR_S + 98 <= at <= QUIET_FOR_S + 100


def test_a_quiet_moment_is_not_the_end() -> None:
    done, at = watch((10, SPEAKING), (10 + QUIET_FOR_S / 2, QUIET), (200, SPEAKING), (201, OVER))
    assert (done, at) == (True, 200)


def test_it_gives_up_at_the_deadline() -> None:
    assert watch((1, SPEAKING), deadline_s=50) == (False, 50)


def test_listeners_are_counted_by_their_connections() -> None:
    assert established(TCP, 8000) == 1
    assert established(TCP, 30000) == 1
    assert established(TCP, 9000) == 0


def test_streams_are_read_from_the_metrics_of_replicas() -> None:
    assert streams(METRICS) == 3.0
    assert streams("") == 0.0


def test_the_node_is_the_one_its_raylet_was_started_as() -> None:
    def command_lines() -> Iterator[list[str]]:
        yield ["", ""]
        yield ["/bin/raylet-watcher", "--node_id=bad"]
        yield ["/opt/ray/core/src/ray/raylet/raylet", "--store=x", "--node_id=c0ffee", "--head"]

    assert node_id(command_lines()) == "c0ffee"
    with pytest.raises(LookupError):
        node_id([["python", "--node_id=c0ffee"]])
