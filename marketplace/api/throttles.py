"""How often one may call. Reading is generous; what guesses secrets is not."""

from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

from accounts import networks
from accounts.counting_cache import CountingCache

CACHE = cast(CountingCache, cache)


class _Scaled:
    """Rates are multiplied by THROTTLE_SCALE; 0 turns them off."""

    rate: str | None

    def get_ident(self, request: Request) -> str:
        """Who calls, as the sign-in pages count it."""
        return networks.counted_as(str(super().get_ident(request)))  # type: ignore[misc]

    def parse_rate(self, rate: str | None) -> tuple[int | None, int | None]:
        count, seconds = super().parse_rate(rate)  # type: ignore[misc]
        if not settings.THROTTLE_SCALE or count is None:
            return None, None
        return max(1, int(count * settings.THROTTLE_SCALE)), seconds

    def allow_request(self, request: object, view: object) -> bool:
        if getattr(self, "num_requests", 1) is None:
            return True
        allowed: bool = super().allow_request(request, view)  # type: ignore[misc]
        return allowed


class Calls(_Scaled, UserRateThrottle):
    """All calls: by person, or by address where nobody is signed in.

    Counted from the first call for a minute, so that a call costs one round trip. To keep the
    moment of each call, as `SignIn` does, would be to read and write 1200 of them with each.
    """

    rate = "1200/minute"
    cache_format = "calls_%(scope)s_%(ident)s"
    num_requests: int | None
    duration: int

    def allow_request(self, request: Any, view: Any) -> bool:
        if self.num_requests is None:
            return True
        self.counted = str(self.get_cache_key(request, view))
        return CACHE.count(self.counted, seconds=self.duration) <= self.num_requests

    def wait(self) -> float:
        return float(CACHE.seconds_left(self.counted))


class SignIn(_Scaled, AnonRateThrottle):
    """Tokens for a password: by address, signed in or not."""

    rate = "10/minute"
    scope = "sign_in"

    def get_cache_key(self, request: Request, view: object) -> str:
        ident = self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
