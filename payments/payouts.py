"""What a seller has coming, and the way from their account at the processor to their bank."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.db.models.functions import Now

from accounts import restrictions
from accounts.models import Person, Restriction
from accounts.notifications import notify
from payments import escrow, failpoints, instructions, ledger, reserve, returns, tax
from payments.models import (
    Escrow,
    EscrowStatus,
    Instruction,
    Payout,
    PayoutAccount,
    PayoutStatus,
)
from payments.onboarding import require_ready
from payments.processor import processor
from payments.refusals import (
    BelowMinimum,
    NothingToPayOut,
    PayoutPending,
    TaxDetailsMissing,
)

CURRENCY = "USD"


@dataclass(frozen=True)
class Balances:
    """In cents: held for orders under way; settled and free; arrived at the bank or on the way
    there; settled, and kept back for a while (`payments.reserve`).
    """

    pending_cents: int
    available_cents: int
    paid_out_cents: int
    reserved_cents: int


def balances(person: Person) -> Balances:
    """What a seller has coming and has had."""
    held = Escrow.objects.filter(seller__in=person.selves, status=EscrowStatus.HELD)
    pending = held.aggregate(sum=Sum("proceeds_cents", default=0))["sum"]
    for begun in held.filter(released_cents__gt=0):
        left = begun.price_cents - begun.released_cents
        pending -= escrow.shares(begun, left).to_seller_cents
    settled = _lies(ledger.owed_to_seller, person)
    arrived = _lies(ledger.at_processor, person)
    reserved = min(reserve.reserved_cents(person, CURRENCY), settled + arrived)
    paid_out = _lies(ledger.bank, person)
    return Balances(pending, settled + arrived - reserved, paid_out, reserved)


def _lies(named: Callable[[int], str], person: Person) -> int:
    return sum(ledger.balance(named(one), CURRENCY) for one in person.selves)


def _paid_from(person: Person) -> Person:
    """Whose account at the processor is emptied: a payout may come back to one that was merged."""
    closed = person.merged.order_by("pk")
    return next((one for one in closed if payable_cents(one) > 0), person)


def payable_cents(person: Person) -> int:
    """What could be paid out now: what lies at the processor, less the reserve."""
    there = ledger.balance(ledger.at_processor(person.pk), CURRENCY)
    return max(there - reserve.reserved_cents(person, CURRENCY), 0)


def request_payout(person: Person) -> Payout:
    """Pay out all that lies in the seller's account at the processor, but for the reserve.

    Raises NotOnboarded, TaxDetailsMissing, Restricted, NothingToPayOut, BelowMinimum or
    PayoutPending.
    """
    payer = _paid_from(person)
    require_ready(payer)
    if tax.overdue(person):
        raise TaxDetailsMissing
    try:
        with transaction.atomic():
            restrictions.require_free(person, Restriction.Kind.PAYOUTS)
            amount = payable_cents(payer)
            if amount <= 0:
                raise NothingToPayOut
            if amount < settings.PAYOUT_MINIMUM_CENTS:
                raise BelowMinimum
            # At most one is pending per person, so this amount is not promised twice.
            payout = Payout.objects.create(person=payer, amount_cents=amount, currency=CURRENCY)
            instructions.write(
                kind="payout",
                purpose=f"payout:{payout.pk}",
                person=payer,
                payout=payout,
                account=PayoutAccount.objects.get(person=payer).remote_id,
                params={"amount": amount, "currency": CURRENCY.lower()},
            )
    except IntegrityError:
        raise PayoutPending from None
    return payout


def follow(remote_id: str) -> None:
    """Ask how a payout fares. Even one that was paid may come back later."""
    payout = Payout.objects.filter(remote_id=remote_id).first()
    if payout is None:
        return
    account = PayoutAccount.objects.get(person=payout.person_id).remote_id
    status, failure = processor().payout_status(remote_id, account=account)
    failpoints.reached("payout asked about")
    with transaction.atomic():
        if status == "paid":
            rows = Payout.objects.filter(pk=payout.pk, status=PayoutStatus.PENDING)
            if rows.update(status=PayoutStatus.PAID):
                _tell(payout, "payout_paid")
        elif status in ("failed", "canceled"):
            rows = Payout.objects.filter(pk=payout.pk).exclude(status=PayoutStatus.FAILED)
            if rows.update(status=PayoutStatus.FAILED, failure=failure, failed_at=Now()):
                ledger.post(
                    key=f"payout:{payout.pk}:failed",
                    source=ledger.bank(payout.person_id),
                    destination=ledger.at_processor(payout.person_id),
                    amount_cents=payout.amount_cents,
                    currency=payout.currency,
                )
                _tell(payout, "payout_failed")


def _tell(payout: Payout, kind: str) -> None:
    notify(
        person=payout.person,
        kind=kind,
        key=f"{kind}:{payout.pk}",
        url="/account/payouts/",
        amount_cents=payout.amount_cents,
        currency=payout.currency,
        failure=payout.failure,
    )


def follow_refund(remote_id: str) -> None:
    """Ask how a refund fares; one that failed is owed to the buyer again."""
    instruction = (
        Instruction.objects.filter(kind="refund", remote_id=remote_id)
        .select_related("escrow")
        .first()
    )
    if instruction is None or instruction.escrow is None:
        return
    status = processor().refund_status(remote_id)
    failpoints.reached("refund asked about")
    if status not in ("failed", "canceled"):
        return
    returns.come_back(instruction)


def follow_failed_refunds() -> int:
    """Look through the newest refunds for failures that no webhook announced."""
    failed = processor().recent_failed_refunds()
    for remote_id in failed:
        follow_refund(remote_id)
    return len(failed)


def pending_payouts() -> list[str]:
    """Ids at the processor of the payouts whose end is not known yet."""
    rows = Payout.objects.filter(status=PayoutStatus.PENDING).exclude(remote_id="")
    # In no order: one that never ends must not keep the others from being asked about.
    return list(rows.order_by("?").values_list("remote_id", flat=True)[:100])
