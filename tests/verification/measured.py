"""Trades whose arrival is measured, and the sandbox's figures.

Offers, payments and sellers are rows only; what is real here is what is read over HTTP.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import Person
from listings.models import Listing
from orders import checkout, follow, transfer
from orders.models import Order
from orders.verification import lending, taking
from orders.verification.models import Verification
from payments import escrow
from payments.processor.interface import Payment
from providers.vocabulary import Rung
from tests.factories import a_listing, a_person, a_provider
from tests.sandbox_process import SandboxProcess

AMOUNT = 50_00
LADDERS = {
    "vast": [Rung.API_BALANCE, Rung.BUYER_CONFIRMATION],
    "openrouter": [Rung.API_BALANCE, Rung.BUYER_CONFIRMATION],
    "scaleway": [Rung.API_GRANT_ROW, Rung.BUYER_CONFIRMATION],
}


def a_readable_offer(slug: str, **terms: Any) -> Listing:
    """Credit of a provider that can be read."""
    return a_listing(provider=a_provider(slug, ladder=LADDERS[slug]), **terms)


def paid(buyer: Person, listing: Listing, cents: int = AMOUNT) -> Order:
    """An order that the processor is said to have taken the money for."""
    with transaction.atomic():
        order = checkout.reserve(buyer=buyer, listing=listing, face_value_cents=cents)
    mark = uuid4().hex
    payment = Payment(f"pi_{mark}", f"ch_{mark}", order.price_cents, order.currency, fee_cents=0)
    escrow.record_payment(order.escrow_id, payment)
    return follow.follow(order)


class Measured:
    """A paid order, its buyer's account in the sandbox, and time that passes when it is told to."""

    def __init__(
        self, sandbox: SandboxProcess, slug: str = "vast", *, key: str = "", **terms: Any
    ) -> None:
        self.sandbox, self.slug = sandbox, slug
        self.key = key or f"lent-{uuid4().hex}"
        self.buyer: Person = a_person(name="Bea")
        listing = a_readable_offer(slug, **terms)
        self.order = paid(self.buyer, listing)

    def holds(self, **figures: float) -> None:
        """Set the figures of the buyer's account."""
        path = f"providers/{self.slug}/accounts/{self.key}/"
        self.sandbox.control("POST", path, figures)

    def fault(self, kind: str, times: int = 1) -> None:
        """Let the provider's next answers fail."""
        given = {"kind": kind, "times": times}
        self.sandbox.control("POST", f"providers/{self.slug}/faults/", given)

    def lend(self) -> Verification:
        return lending.lend(self.order, actor=self.buyer, key=self.key)

    def tick(self, times: int = 1) -> "Measured":
        """Reading intervals pass, and what is due is read."""
        for _ in range(times):
            mine = Verification.objects.filter(order=self.order)
            mine.filter(next_at__isnull=False).update(next_at=Now())
            for key in mine.values_list("pk", flat=True):
                taking.take(key)
        return self.fresh()

    def baseline(self, **figures: float) -> "Measured":
        """Key lent, and read twice."""
        self.holds(**figures)
        self.lend()
        return self.tick(2)

    def send(self) -> "Measured":
        transfer.send(self.order, actor=self.order.seller, note="")
        return self.fresh()

    def wait(self, minutes: int = 30) -> "Measured":
        """So much time passes since the sending."""
        Order.objects.filter(pk=self.order.pk).update(
            sent_at=F("sent_at") - timedelta(minutes=minutes)
        )
        return self.fresh()

    def fresh(self) -> "Measured":
        self.order = Order.objects.with_parts().get(pk=self.order.pk)
        return self

    @property
    def measuring(self) -> Verification:
        return Verification.objects.get(order=self.order)

    @property
    def outcome(self) -> tuple[str, str, int | None, str]:
        """Status of the order, verdict, measured cents and reason."""
        order = self.order
        return order.status, order.verdict, order.measured_cents, self.measuring.reason
