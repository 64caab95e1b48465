"""Idempotency keys: the same key and parameters are done once and answered the same."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sandbox import clock
from sandbox.models import IdempotencyKey
from sandbox.stripe.errors import StripeError
from sandbox.writing import writing

PRUNE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Saved:
    """A finished answer; `kept` under a key, `replayed` when an earlier request saved it."""

    status: int
    body: str
    kept: bool = False
    replayed: bool = False


def digest(params: Any) -> str:
    """A fingerprint of the parameters, to notice a key that is reused for something else."""
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()


def claim(scope: str, key: str, path: str, fingerprint: str) -> Saved | None:
    """Reserves a key before its request begins, or returns the answer it already has.

    Raises StripeError when the key was used for other parameters, or is in flight.
    """
    if not 1 <= len(key) <= 255:
        raise StripeError("Idempotency keys may have up to 255 characters.")
    with writing():
        old = clock.now() - PRUNE_SECONDS
        IdempotencyKey.objects.filter(created__lt=old, status__isnull=False).delete()
        row = IdempotencyKey.objects.filter(scope=scope, key=key).first()
        if row is None:
            IdempotencyKey.objects.create(
                scope=scope, key=key, path=path, digest=fingerprint, created=clock.now()
            )
            return None
    if (row.path, row.digest) != (path, fingerprint):
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request.",
            kind="idempotency_error",
        )
    if row.status is None:
        raise in_flight()
    return Saved(row.status, row.body, kept=True, replayed=True)


def finish(scope: str, key: str, answer: Saved) -> None:
    """Saves the answer; called in the transaction that did the work, so both stand or fall."""
    rows = IdempotencyKey.objects.filter(scope=scope, key=key)
    rows.update(status=answer.status, body=answer.body)


def release(scope: str, key: str) -> None:
    """Gives a claimed key back when its request ended without an answer to save."""
    with writing():
        IdempotencyKey.objects.filter(scope=scope, key=key, status__isnull=True).delete()


def forget_interrupted() -> None:
    """At start: what was in flight when the process died has left no trace, so may begin anew."""
    with writing():
        IdempotencyKey.objects.filter(status__isnull=True).delete()


def in_flight() -> StripeError:
    """The refusal of a request whose key another request is using right now."""
    return StripeError(
        "There is currently another in-progress request using this idempotency key.",
        status=409,
        code="idempotency_key_in_use",
    )
