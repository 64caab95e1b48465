"""Whether this process lives, and whether it can serve."""

from collections.abc import Callable

import requests
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from kombu import Connection

from listings.models import Listing


def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when everything needed answers; 503 with what is missing."""
    missing = {}
    for name, check in CHECKS.items():
        try:
            check()
        except Exception as error:
            missing[name] = str(error) if settings.DEBUG else "not ready"
    status = "missing" if missing else "ok"
    return JsonResponse({"status": status, "missing": missing}, status=503 if missing else 200)


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("migrations are not applied")


def _broker() -> None:
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=0, timeout=2)


def _cache() -> None:
    cache.set("ready", 1, 5)


def _demo() -> None:
    if not Listing.objects.filter(status="live").exists():
        raise RuntimeError("demo data is not loaded")


def _sandbox() -> None:
    requests.get(f"{settings.SANDBOX_URL}/healthz", timeout=2).raise_for_status()


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "cache": _cache,
}
if settings.SANDBOX_URL:
    CHECKS |= {"demo_data": _demo, "sandbox": _sandbox}
