"""What must hold after every step, and what more once nothing is under way any more."""

from typing import Any

from django.db import connection

from marketplace import ledger_audit
from orders.models import OPEN, Order
from payments import repairs
from payments.models import (
    Basket,
    Chargeback,
    Escrow,
    GiveBack,
    Incident,
    Instruction,
    Payout,
    PayoutStatus,
    WebhookEvent,
)
from payments.reserve import CREDIT_REVERSED as REVERSED
from simulator import audit
from simulator.world import World

KINDS = ("charged", "refunded", "transferred", "reversed", "disputed")


class Broken(Exception):
    """Something that must never be. Its text says what."""


def after_step(world: World) -> None:
    """The invariants of the books, and that Stripe has moved no more than was instructed."""
    if found := audit.broken():
        raise Broken(f"the ledger audit finds {found}: {ledger_audit.violations()}")
    counted = world.control("GET", "money/")
    for row in _books():
        moved = counted["groups"].get(row["reference"], {})
        _within_instructions(row, {kind: moved.get(f"{kind}_cents", 0) for kind in KINDS})


def _within_instructions(row: dict[str, Any], moved: dict[str, int]) -> None:
    """Each kind of money lies between what our books know and what may have happened unseen."""
    wrong = []
    if not row["charged"] <= moved["charged"]:
        wrong.append("charged")
    for kind in ("refunded", "transferred", "reversed"):
        known, doubtful, back = row[kind], row[f"{kind}_doubtful"], row[f"{kind}_may_come_back"]
        if not known - back <= moved[kind] <= known + doubtful:
            wrong.append(kind)
    if moved["transferred"] - moved["reversed"] > row["proceeds"]:
        wrong.append("more than the proceeds")
    if moved["charged"] and moved["refunded"] > moved["charged"]:
        wrong.append("more than the charge")
    if wrong:
        raise Broken(f"order {row['reference']}: {', '.join(wrong)}: books {row}, Stripe {moved}")


def _books() -> list[dict[str, Any]]:
    """For each order: money in the ledger, and in instructions of which the end is not known."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.reference, e.proceeds_cents AS proceeds, p.*, i.* FROM payments_escrow e,
            LATERAL (SELECT
                coalesce(sum(amount_cents) FILTER (WHERE key LIKE 'charge:%%'
                    AND source = 'outside:cards'), 0)::bigint AS charged,
                coalesce(sum(amount_cents) FILTER (WHERE destination LIKE 'account:%%'
                    AND source LIKE 'seller:%%'), 0)::bigint AS transferred,
                coalesce(sum(amount_cents) FILTER (WHERE source LIKE 'account:%%'
                    AND destination LIKE 'platform:%%'), 0)::bigint AS reversed,
                (coalesce(sum(amount_cents) FILTER (WHERE destination = 'outside:cards'
                    AND key LIKE 'instruction:%%'), 0)
                - coalesce(sum(amount_cents) FILTER (WHERE source = 'outside:cards'
                    AND key LIKE 'instruction:%%:failed'), 0))::bigint AS refunded
                FROM payments_posting WHERE escrow_id = e.id) p,
            LATERAL (SELECT
                coalesce(sum(cents) FILTER (WHERE kind = 'transfer' AND doubt), 0)::bigint
                    AS transferred_doubtful,
                coalesce(sum(cents) FILTER (WHERE kind = 'refund' AND doubt), 0)::bigint
                    AS refunded_doubtful,
                coalesce(sum(cents) FILTER (WHERE kind = 'reversal' AND doubt), 0)::bigint
                    AS reversed_doubtful,
                coalesce(sum(cents) FILTER (WHERE kind = 'refund' AND status = 'done'), 0)::bigint
                    AS refunded_may_come_back,
                0 AS transferred_may_come_back, 0 AS reversed_may_come_back
                FROM (SELECT kind, status, tries > 0 AND status IN ('sent', 'ready') AS doubt,
                    (params ->> 'amount')::bigint AS cents
                    FROM payments_instruction WHERE escrow_id = e.id) AS calls) i
            """
        )
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def at_rest(world: World) -> None:
    """Nothing is stuck, and our books and the sandbox's own count are the same to the cent."""
    after_step(world)
    if found := stuck():
        raise Broken(f"stuck: {found}")
    if late := ledger_audit.findings():
        raise Broken(f"at rest the audit finds {late}")
    counted = world.control("GET", "money/")
    for row in _books():
        moved = counted["groups"].get(row["reference"], {})
        kinds = ("charged", "refunded", "transferred", "reversed")
        other = {
            kind: (row[kind], moved.get(f"{kind}_cents", 0))
            for kind in kinds
            if row[kind] != moved.get(f"{kind}_cents", 0)
        }
        if other:
            raise Broken(f"order {row['reference']}: books and Stripe differ: {other}")
    for name, (ours, theirs) in _totals(counted).items():
        if ours != theirs:
            raise Broken(f"{name}: our books say {ours}, Stripe {theirs}")


def _totals(counted: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {
        "paid out": (_sum("bank:%"), counted["paid_out_cents"]),
        "lost to banks": (_lost(), counted["disputed_cents"]),
    }


def _sum(pattern: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(CASE WHEN destination LIKE %s THEN amount_cents"
            " ELSE -amount_cents END), 0) FROM payments_posting"
            " WHERE destination LIKE %s OR source LIKE %s",
            [pattern, pattern, pattern],
        )
        return int(cursor.fetchone()[0])


def _lost() -> int:
    rows = Chargeback.objects.filter(outcome="lost")
    return sum(rows.values_list("amount_cents", flat=True))


def stuck() -> list[str]:
    """What still waits, for time or for somebody."""
    calls = Instruction.objects.filter(status__in=("ready", "sent")) | Instruction.objects.filter(
        repairs.refused()
    )
    events = WebhookEvent.objects.filter(processed_at=None)
    return [
        *(f"order {row.pk}: {row.status}" for row in Order.objects.filter(status__in=OPEN)),
        *(f"{row.purpose}: {row.status} {row.error}" for row in calls),
        *(f"event {row.type}: {row.error}" for row in events),
        *(f"quarantined {row}" for row in Escrow.objects.filter(quarantined_at__isnull=False)),
        *(f"{row}" for row in Basket.objects.exclude(status="ended")),
        *(f"recovery of {row}" for row in Chargeback.objects.filter(recovery_due=True)),
        *(f"case {row.key}" for row in Incident.objects.filter(closed_at=None, kind=REVERSED)),
        *(f"give-back {row}" for row in GiveBack.objects.filter(status="open")),
        *(f"payout {row.pk}" for row in Payout.objects.filter(status=PayoutStatus.PENDING)),
        *(f"chargeback {row}" for row in Chargeback.objects.filter(outcome="")),
    ]
