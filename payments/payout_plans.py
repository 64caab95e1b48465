"""Payouts without asking: how often a seller wants them, and from which amount on."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import Refusal
from payments import payouts
from payments.models import PayoutPlan

log = logging.getLogger(__name__)
STEPS = {"daily": timedelta(days=1), "weekly": timedelta(weeks=1), "monthly": timedelta(days=30)}


def plan_of(person: Person) -> PayoutPlan:
    """How a person is paid out; by request where they chose nothing."""
    return PayoutPlan.objects.filter(person=person).first() or PayoutPlan(person=person)


def choose(person: Person, *, every: str, minimum_cents: int) -> None:
    """Pay out by itself from now on; `every` is daily, weekly or monthly, empty for by request."""
    due = Now() if every else None
    PayoutPlan.objects.update_or_create(
        person=person, defaults={"every": every, "minimum_cents": minimum_cents, "due_at": due}
    )


def due() -> list[int]:
    """Whose next payout is due."""
    rows = PayoutPlan.objects.filter(due_at__lte=Now()).order_by("due_at")
    return list(rows.values_list("pk", flat=True)[:100])


def pay(plan_id: int) -> UUID | None:
    """Pay one out if enough is there, and set the next time; nothing where somebody else does."""
    with transaction.atomic():
        waiting = PayoutPlan.objects.select_for_update(skip_locked=True, of=("self",))
        plan = waiting.select_related("person").filter(pk=plan_id, due_at__lte=Now()).first()
        if plan is None or plan.due_at is None:
            return None
        # From the time that was due, so that it stays the same hour of the day.
        plan.due_at += STEPS[plan.every]
        plan.save(update_fields=["due_at"])
    PayoutPlan.objects.filter(pk=plan_id, due_at__lte=Now()).update(due_at=Now() + STEPS["daily"])
    if payouts.payable_cents(plan.person) < plan.minimum_cents:
        return None
    try:
        return payouts.request_payout(plan.person).pk
    except Refusal as refusal:
        log.info("no payout for plan %s: %s", plan_id, refusal)
        return None
