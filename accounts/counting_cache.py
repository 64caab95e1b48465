"""The cache as Django has it, but quicker in two ways.

Django makes a client anew for every command, which takes longer than the command. And it counts in
three round trips: one to begin, one to see whether it has begun, one to count.
"""

from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

# The time runs from the first of those that are counted together.
COUNT = """
local counted = redis.call('INCR', KEYS[1])
if counted == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return counted"""


class _OneClient(RedisCacheClient):
    """Django keeps one of these for each thread; it keeps its clients, one for each server."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients: dict[int, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        pool = self._get_connection_pool(write)  # type: ignore[attr-defined]
        if id(pool) not in self._clients:
            self._clients[id(pool)] = self._client(connection_pool=pool)  # type: ignore[attr-defined]
        return self._clients[id(pool)]


class CountingCache(RedisCache):
    """Beside what every cache does, it counts in one round trip."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _OneClient

    def count(self, key: str, *, seconds: int) -> int:
        """How often this key was counted, with this time, within `seconds` of the first time."""
        client = self._cache.get_client(key, write=True)
        return int(client.eval(COUNT, 1, self.make_and_validate_key(key), seconds))

    def seconds_left(self, key: str) -> int:
        """How long until a key is counted from the beginning, rounded up; 0 if it is not there."""
        left = self._cache.get_client(key, write=True).pttl(self.make_and_validate_key(key))
        return max(0, -(-int(left) // 1000))
