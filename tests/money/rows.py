"""What the steps of money write, as lines to compare whole: ids are replaced by words."""

import json
import re
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from accounts.models import Person
from payments import escrow
from payments.models import Escrow, Incident, Instruction, PayoutAccount, Posting
from payments.processor.interface import Payment

PRICE, COMMISSION = 30_00, 2_40


def awaiting(buyer: Person, seller: Person, *, reference: UUID | None = None) -> Escrow:
    """$30, of which $2.40 are the platform's; nobody has paid yet."""
    with transaction.atomic():
        return escrow.open_escrow(
            reference=reference or uuid4(),
            buyer=buyer,
            seller=seller,
            currency="USD",
            price_cents=PRICE,
            commission_cents=COMMISSION,
        )


def payment(mark: str = "1", **changes: Any) -> Payment:
    """What the processor reports of a payment as agreed; its fee is not known."""
    terms: dict[str, Any] = {"amount_cents": PRICE, "currency": "USD", "fee_cents": None}
    return Payment(id=f"pi_{mark}", charge_id=f"ch_{mark}", **(terms | changes))


def held(buyer: Person, seller: Person, mark: str = "1") -> Escrow:
    """The same, paid."""
    return escrow.record_payment(awaiting(buyer, seller).pk, payment(mark))


def now(row: Any) -> Any:
    """The row as it is in the database."""
    return type(row).objects.get(pk=row.pk)


class Told:
    """Everything about one escrow in words: E itself, B its buyer, S its seller, I what is new."""

    def __init__(self, escrow: Escrow) -> None:
        self.escrow = escrow
        self.words = {str(escrow.pk): "E", escrow.reference: "R"}
        self.account = PayoutAccount.objects.get(person=escrow.seller_id).remote_id
        self.people = {str(escrow.buyer_id): "B", str(escrow.seller_id): "S"}
        self.since = Posting.objects.count()

    def in_words(self, text: Any) -> str:
        uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
        found = re.sub(uuid, lambda m: self.words.get(m[0], "I"), str(text))
        found = found.replace(self.account, "acct_S")
        of = r"(seller|buyer|account|debt|bank):(\d+)"
        return re.sub(of, lambda m: f"{m[1]}:{self.people.get(m[2], '?')}", found)

    def postings(self) -> list[str]:
        """Those that came since."""
        rows = Posting.objects.order_by("pk")[self.since :]
        return [
            self.in_words(
                f"{row.key} | {row.source} > {row.destination} {row.amount_cents} {row.currency}"
                f" {row.escrow_id}"
            )
            for row in rows
        ]

    def events(self) -> list[str]:
        """All of its history."""
        return [
            self.in_words(
                f"{e.kind} {e.from_status}>{e.to_status} "
                f"{self.people.get(str(e.actor_id), '-')} {e.note}".strip()
            )
            for e in self.escrow.events.all()
        ]

    def calls(self) -> list[str]:
        """Its instructions."""
        rows = Instruction.objects.filter(escrow=self.escrow).order_by("created_at", "purpose")
        return [
            self.in_words(
                f"{i.kind} {i.purpose} {i.status} {'due' if i.due_at else 'never'} "
                + json.dumps(i.params, sort_keys=True)
            )
            for i in rows
        ]

    def incidents(self) -> list[str]:
        """What a person must look at."""
        return [
            self.in_words(f"{i.key} {i.kind} {i.escrow_id} {'closed' if i.closed_at else 'open'}")
            for i in Incident.objects.order_by("pk")
        ]
