"""Driving whatever is due. Beat only triggers these; the database says what there is to do.

One item that fails is logged and does not stop the others; every item may be done twice.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from accounts import audit_chain, notifications, proposals, restrictions, suspension
from listings import alerts, expiry, facets, meetings, permission, prices
from marketplace import ledger_audit
from marketplace.console import alarms, overview
from orders import baskets as order_baskets
from orders import (
    batches,
    deadlines,
    evidence,
    follow,
    personal_data,
    ratings,
    sold_count,
    standing,
    tranches,
)
from orders.models import Order
from orders.verification import taking, watching
from payments import (
    baskets,
    chargebacks,
    collection,
    give_backs,
    holding,
    instructions,
    onboarding,
    payout_plans,
    payouts,
    reconciliation,
    recovery,
    seals,
    suspicions,
    webhooks,
)
from payments.models import PayoutAccount
from providers import catalogue

log = logging.getLogger(__name__)


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether nobody else is in the sweep of that name, on any machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
        mine: bool = cursor.fetchone()[0]
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])


def _each(act: Callable[[Any], Any], items: Iterable[Any]) -> int:
    done = 0
    for item in items:
        try:
            act(item)
            done += 1
        except Exception:
            log.exception("%s failed for %s", act.__qualname__, item)
    return done


def _once(act: Callable[[], int]) -> int:
    try:
        return act()
    except Exception:
        log.exception("%s failed", act.__qualname__)
        return 0


def _follow(order_id: Any) -> None:
    follow.follow(Order(pk=order_id))


def sweep() -> dict[str, int]:
    """Events, instructions, orders, deadlines, mail: what is due now. Returns how many of each."""
    with alone("sweep") as mine:
        if not mine:
            return {}
        return {
            "webhooks": _once(webhooks.process_due),
            "baskets": _each(baskets.tidy, baskets.due()),
            "orders": _each(_follow, follow.due()),
            "parts": _each(tranches.release_due, tranches.due()),
            "declined cards": _each(order_baskets.tell_declined, order_baskets.declined()),
            "completed": _once(batches.complete_due),
            "deadlines": _each(deadlines.enforce, deadlines.due()),
            "recoveries": _each(recovery.begin, recovery.due()),
            "kept apart too long": _each(holding.give_back, holding.due_back()),
            "given back": _each(give_backs.finish, give_backs.due()),
            "answers": _each(evidence.answer, evidence.due()),
            "payouts": _each(payout_plans.pay, payout_plans.due()),
            "instructions": _once(instructions.carry_out_due),
            "restrictions": _each(restrictions.end, restrictions.due()),
            "suspensions": _each(suspension.end, suspension.due()),
            "editions": _once(catalogue.load_begun),
            "listings": _once(expiry.expire_due),
            "not permitted": _once(permission.pause_due),
            "reminders": _once(expiry.remind_due),
            "prices": _once(prices.fall_due),
            "alerts": _once(alerts.tell_due),
            "facets": _once(facets.count_due),
            "ratings": _once(ratings.show_due),
            "mails": _once(notifications.send_due),
            "exports": _each(personal_data.make, personal_data.due()),
        }


def measure() -> dict[str, int]:
    """Take the readings of providers' balances that are due.

    A sweep of its own: a provider that is slow to answer must not keep money waiting.
    """
    return {"readings": _once(taking.take_due), "watched": _once(watching.take_due)}


def count() -> dict[str, int]:
    """Count what trades tell of the market.

    A sweep of its own: it takes the longer the more was traded, and no money must wait for it.
    """
    with alone("count") as mine:
        if not mine:
            return {}
        return {
            "sold": _once(sold_count.count_due),
            "meetings": _once(meetings.look_due),
            "overviews": _once(overview.make_due),
            "alarms": _once(alarms.tell_due),
        }


def poll() -> dict[str, int]:
    """Ask the processor about what no webhook announced."""
    with alone("poll") as mine:
        if not mine:
            return {}
        if ledger_audit.is_overdue():
            log.error("the newest ledger audit is old: is the scheduler running?")
        waiting = PayoutAccount.objects.filter(ready=False).exclude(remote_id="")
        accounts = list(waiting.order_by("?").values_list("remote_id", flat=True)[:100])
        return {
            "cards": _once(baskets.collect_due),
            "payments": _once(collection.collect_due),
            "payouts": _each(payouts.follow, payouts.pending_payouts()),
            "refunds": _once(payouts.follow_failed_refunds),
            "chargebacks": _once(chargebacks.follow_recent),
            "held long": _once(holding.report_due),
            "suspicions": _once(suspicions.follow_recent),
            "accounts": _each(onboarding.refresh_account, accounts),
            "standings": _each(standing.work_out, standing.due()),
            "expired proposals": _once(proposals.expire_due),
            "old exports": _once(personal_data.forget_old),
        }


def audit() -> dict[str, int]:
    """Seal new postings and acts, check what has changed in the books, and keep what was found."""
    with alone("audit") as mine:
        if not mine:
            return {}
        sealed = _once(seals.seal_new)
        acts = _once(audit_chain.CHAIN.seal_new)
        return {
            "sealed": sealed,
            "acts sealed": acts,
            "violations": len(ledger_audit.run(whole=False)),
        }


def reconcile() -> dict[str, int]:
    """Compare the processor's books with ours, once a day. Returns how many differences."""
    with alone("reconcile") as mine:
        if not mine or not reconciliation.is_due():
            return {}
        return {"differences": _once(lambda: reconciliation.run().found)}
