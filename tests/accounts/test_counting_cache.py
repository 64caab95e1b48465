"""The cache counts in one round trip, for a time that begins with the first."""

from typing import cast

from django.core.cache import cache

from accounts.counting_cache import CountingCache


def test_the_time_runs_from_the_first_that_is_counted() -> None:
    counting = cast(CountingCache, cache)
    assert counting.seconds_left("calls") == 0
    assert [counting.count("calls", seconds=seconds) for seconds in (100, 5, 5)] == [1, 2, 3]
    assert 5 < counting.seconds_left("calls") <= 100
    assert counting.count("others", seconds=5) == 1
    cache.delete("calls")
    assert counting.count("calls", seconds=5) == 1
    assert counting.seconds_left("calls") <= 5


def test_a_client_is_made_once() -> None:
    inner = cast(CountingCache, cache)._cache
    assert inner.get_client() is inner.get_client("key", write=True)
