"""One circuit breaker per provider: whoever does not answer is left alone for a while.

It lives in the cache, shared by all workers; if that is emptied, the next failures fill it again.
"""

from django.conf import settings
from django.core.cache import cache

from providers.models import Provider

FAILURES = 5
# After this many quiet reading intervals one call may try again.
REST_INTERVALS = 3
MEMORY_SECONDS = 600


def is_open(slug: str) -> bool:
    """Whether the provider is to be left alone now."""
    return cache.get(f"breaker:{slug}:open") is not None


def succeeded(slug: str) -> None:
    """An answer came, good or bad: the provider is there."""
    cache.delete_many([f"breaker:{slug}:failures", f"breaker:{slug}:open"])


def failed(slug: str) -> None:
    """No usable answer came; the last of several opens the breaker."""
    key = f"breaker:{slug}:failures"
    cache.add(key, 0, MEMORY_SECONDS)
    try:
        count = cache.incr(key)
    except ValueError:
        count = 1
    if count >= FAILURES:
        rest = max(1, REST_INTERVALS * settings.READING_INTERVAL_SECONDS)
        cache.set(f"breaker:{slug}:open", True, rest)


def resting() -> list[str]:
    """The providers that are left alone now."""
    keys = {
        f"breaker:{slug}:open": slug for slug in Provider.objects.values_list("slug", flat=True)
    }
    return sorted(keys[key] for key in cache.get_many(keys))
