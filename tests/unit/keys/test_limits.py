"""What a key has used up is gone for its minute, and everything taken is given back once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.keys.errors import LimitReached
from deployments.keys.limits import Limiter, TokenBucket
from tests.unit.keys.support import Clock, make_key


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(clock)


def test_requests_come_back_with_time(limiter: Limiter, clock: Clock) -> None:
    key = make_key(requests_per_minute=6)
    for _ in range(6):
        limiter.enter(key, 1).release()
    with pytest.raises(LimitReached, match="6 requests") as caught:
        limiter.enter(key, 1)
    assert caught.value.retry_after_s == pytest.approx(10)
    clock.now_s += 10.001
    limiter.enter(key, 1).release()
    with pytest.raises(LimitReached):
        limiter.enter(key, 1)


def test_retry_after_is_when_it_works(limiter: Limiter, clock: Clock) -> None:
    key = make_key(characters_per_minute=600)
    limiter.enter(key, 500)
    with pytest.raises(LimitReached) as caught:
        limiter.enter(key, 250)
    assert caught.value.retry_after_s == pytest.approx(15)
    clock.now_s += 15.001
    limiter.enter(key, 250)


def test_more_than_a_minutes_worth_is_let_through_and_paid_off(limiter: Limiter, clock: Clock) -> None:
    key = make_key(characters_per_minute=600)
    limiter.enter(key, 1800)
    with pytest.raises(LimitReached) as caught:
        limiter.enter(key, 1)
    assert caught.value.retry_after_s == pytest.approx(120.1)


def test_streams_count_until_they_are_released_once(limiter: Limiter) -> None:
    key = make_key(concurrent_streams=2)
    first, _ = limiter.enter(key, 1), limiter.enter(key, 1)
    with pytest.raises(LimitReached, match="2 streams at once"):
        limiter.enter(key, 1)
    for _ in range(3):
        first.release()
    first.refund()
    limiter.enter(key, 1)
    with pytest.raises(LimitReached):
        limiter.enter(key, 1)


def test_what_wasnt_spoken_costs_no_characters_but_a_request(limiter: Limiter) -> None:
    key = make_key(characters_per_minute=100, requests_per_minute=2, concurrent_streams=1)
    for _ in range(2):
        ticket = limiter.enter(key, 100)
        ticket.refund()
        ticket.refund()
    with pytest.raises(LimitReached, match="requests"):
        limiter.enter(key, 100)


def test_a_refusal_takes_nothing(limiter: Limiter) -> None:
    key = make_key(requests_per_minute=2, characters_per_minute=100)
    limiter.enter(key, 100)
    for _ in range(5):
        with pytest.raises(LimitReached, match="characters"):
            limiter.enter(key, 100)
    with pytest.raises(LimitReached, match="characters"):
        limiter.enter(key, 1)


def test_keys_have_limits_of_their_own(limiter: Limiter) -> None:
    alice, bob = make_key("alice", concurrent_streams=1), make_key("bob", concurrent_streams=1)
    limiter.enter(alice, 1)
    limiter.enter(bob, 1)


def test_new_limits_apply_to_a_key_in_use(limiter: Limiter) -> None:
    token = "pv_alice_" + "0" * 64
    limiter.enter(make_key(token=token, concurrent_streams=1), 1)
    wider = make_key(token=token, concurrent_streams=2)
    limiter.enter(wider, 1)
    with pytest.raises(LimitReached):
        limiter.enter(wider, 1)


def test_changed_limits_forget_nothing_that_was_used(limiter: Limiter, clock: Clock) -> None:
    """A connection may go by old limits while requests go by new ones: that lets nobody through twice."""
    token = "pv_alice_" + "0" * 64
    keys = [make_key(token=token, requests_per_minute=number) for number in (2, 3)]
    for key in keys:
        limiter.enter(key, 1)
    for key in keys * 10:
        with pytest.raises(LimitReached, match="requests"):
            limiter.enter(key, 1)
    clock.now_s += 60
    for _ in range(3):
        limiter.enter(keys[1], 1)


def test_the_servers_own_next_try_is_no_request(limiter: Limiter) -> None:
    key = make_key(requests_per_minute=1, characters_per_minute=10)
    limiter.enter(key, 5).refund()
    for _ in range(3):
        limiter.enter(key, 5, is_again=True).refund()
    limiter.enter(key, 10, is_again=True)
    with pytest.raises(LimitReached, match="characters"):
        limiter.enter(key, 5, is_again=True)


def test_a_request_that_speaks_nothing_needs_no_stream(limiter: Limiter) -> None:
    key = make_key(requests_per_minute=3, concurrent_streams=1, characters_per_minute=10)
    limiter.enter(key, 99)  # more than there is: paid off by and by
    for _ in range(2):
        limiter.count(key)
    with pytest.raises(LimitReached, match="requests"):
        limiter.count(key)
    limiter.count(None)


def test_connections_count_until_they_are_left(limiter: Limiter) -> None:
    key = make_key(concurrent_connections=2)
    leave, _ = limiter.connect(key), limiter.connect(key)
    with pytest.raises(LimitReached, match="2 connections at once"):
        limiter.connect(key)
    leave()
    limiter.connect(key)
    with pytest.raises(LimitReached):
        limiter.connect(key)
    for other in (None, make_key("bob")):
        for _ in range(9):
            limiter.connect(other)


def test_without_a_key_or_limits_nothing_is_counted(limiter: Limiter) -> None:
    for _ in range(100):
        limiter.enter(None, 10**6)
        limiter.enter(make_key(), 10**6)


@given(st.integers(1, 1000), st.lists(st.tuples(st.integers(1, 300), st.floats(0, 100)), max_size=60))
def test_no_more_passes_than_a_full_bucket_and_what_flows_in(
    per_minute: int, demands: list[tuple[int, float]]
) -> None:
    bucket, now_s, taken = TokenBucket(per_minute, 0.0), 0.0, 0
    largest = 0
    for cost, pause_s in demands:
        now_s += pause_s
        if bucket.wait_s(cost, now_s) == 0:
            bucket.take(cost)
            taken, largest = taken + cost, max(largest, cost)
    assert taken <= per_minute + per_minute * now_s / 60 + max(0, largest - per_minute) + 1e-6
