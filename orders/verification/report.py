"""The verification report of an order: what was read when, what was concluded and why, signed.

The signature is Ed25519 over the report as canonical JSON (keys sorted, no spaces, UTF-8), so
anybody who has the public key can check it; `docs/verification.md` says how. Each key of the ring
FIELD_KEYS has a signing key of its own, the newest one signs.
"""

import base64
import json
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from accounts.encryption import key_ids
from orders.models import Order
from orders.verification.conclusion import is_other_account
from orders.verification.lending import reader_for
from orders.verification.models import BalanceReading, Verification, Watch
from orders.verification.reasons import REASONS, explain
from providers.readings import Reading
from providers.vocabulary import PAPER_RUNGS, Rung

VERSION, PURPOSE = 1, b"surplus verification report"


def compose(order: Order) -> dict[str, Any]:
    """The report as plain data. It names no person, no key and no account."""
    found: Verification | None = getattr(order, "verification", None)
    rows = list(found.readings.filter(attempt=found.attempt)) if found else []
    on_paper = order.weighed_at is not None and order.rung in PAPER_RUNGS
    reason = "a_person_compared" if on_paper else found.reason if found else ""
    return {
        "version": VERSION,
        "site": settings.SITE_ORIGIN,
        "order": str(order.pk),
        "provider": order.listing.provider_id,
        "currency": order.currency,
        "agreed_cents": order.face_value_cents,
        "paid_at": _moment(order.paid_at),
        "sent_at": _moment(order.sent_at),
        "rung": order.rung,
        "rung_name": str(Rung(order.rung).label),
        "state": found.status if found else "done",
        "verdict": order.verdict or None,
        "measured_cents": order.measured_cents,
        "reason": reason,
        "explanation": explain(reason),
        "formula": _formula(order),
        "other_account": bool(rows) and is_other_account(order, _figures(rows)),
        "key_deleted_at": _key_deleted_at(order, found),
        "watch": _watch(order),
        "readings": [_row(row) for row in rows],
        **_documents(order),
    }


def _key_deleted_at(order: Order, found: Verification | None) -> str | None:
    """Where the balance is watched, the key goes with the watch."""
    watch: Watch | None = getattr(order, "watch", None)
    if watch is not None:
        return _moment(watch.ended_at)
    return _moment(found.forgotten_at) if found else None


def _watch(order: Order) -> dict[str, Any] | None:
    watch: Watch | None = getattr(order, "watch", None)
    if watch is None:
        return None
    return {
        "until": _moment(watch.until),
        "ended_at": _moment(watch.ended_at),
        "outcome": watch.outcome or None,
        "left_cents": watch.measured_cents,
    }


def _documents(order: Order) -> dict[str, Any]:
    """What was handed in, and what a moderator concluded from which of it; nobody is named."""
    if order.weighed_at is None:
        return {"documents": [], "compared": []}
    roles = {order.buyer_id: "buyer", order.seller_id: "seller"}
    return {
        "documents": [
            {
                "at": _moment(one.at),
                "by": roles[one.by_id],
                "kind": one.kind,
                "kind_in_words": one.get_kind_display(),
                "pixels_sha256": one.digest,
            }
            for one in order.evidence.filter(message=None).defer("ciphertext")
        ],
        "compared": [
            {
                "at": _moment(one.at),
                "rung": one.rung,
                "verdict": one.verdict,
                "reason": one.reason,
                "pixels_sha256": one.digests,
            }
            for one in order.weighings.all()
        ],
    }


def signed(order: Order) -> dict[str, Any]:
    """The report with its signature."""
    report = compose(order)
    key_id, key = next(iter(_keys().items()))
    public = key.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    return {
        "report": report,
        "signature": {
            "algorithm": "Ed25519",
            "key_id": key_id,
            "public_key": base64.b64encode(public).decode(),
            "value": base64.b64encode(key.sign(canonical(report))).decode(),
        },
    }


def canonical(report: dict[str, Any]) -> bytes:
    """The bytes that are signed."""
    return json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def is_ours(document: dict[str, Any]) -> bool:
    """Whether a report is as it was signed here, under any key of the ring."""
    try:
        value = base64.b64decode(document["signature"]["value"], validate=True)
        text = canonical(document["report"])
    except (KeyError, TypeError, ValueError):
        return False
    for key in _keys().values():
        try:
            key.public_key().verify(value, text)
        except InvalidSignature:
            continue
        return True
    return False


def _keys() -> dict[str, Ed25519PrivateKey]:
    """A signing key for each key of the ring, newest first; neither can be told from the other."""
    found = {}
    for key_id, secret in zip(key_ids(), settings.FIELD_KEYS, strict=True):
        seed = HKDF(hashes.SHA256(), 32, salt=None, info=PURPOSE).derive(secret.encode())
        found[key_id] = Ed25519PrivateKey.from_private_bytes(seed)
    return found


def _figures(rows: list[BalanceReading]) -> list[Reading]:
    return [Reading.from_data(row.figures) for row in rows if row.figures is not None]


def _formula(order: Order) -> str:
    reader = reader_for(order)
    if reader is None:
        return ""
    if reader.figure is not None:
        return reader.figure.text
    return f"new rows of {reader.rows}, by {reader.row_amount.text if reader.row_amount else ''}"


def _row(row: BalanceReading) -> dict[str, Any]:
    figures = row.figures or {"rows": []}
    counted = figures.get("figure") or ", ".join(amount for _, amount in figures["rows"])
    return {
        "at": _moment(row.at),
        "when": "before" if row.before else "watched" if row.watched else "after",
        "problem": row.problem or None,
        "problem_in_words": REASONS.get(row.problem) if row.problem else None,
        "currency": figures.get("currency"),
        "remaining": figures.get("remaining"),
        "counted": counted or None,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
