"""One of everything that the console shows."""

from datetime import timedelta

from django.utils import timezone

from accounts import dials, one_person
from accounts.models import Document, Notification, Person, Proposal
from accounts.proposals import Terms
from accounts.tokens import create
from listings import tuning
from listings.models import Listing, ListingStatus, Question, Report
from marketplace import ledger_audit
from payments.models import (
    Difference,
    Freeze,
    Incident,
    Instruction,
    LedgerAudit,
    Payout,
    Reconciliation,
    WebhookEvent,
)
from providers.vocabulary import ResalePolicy
from tests.factories import a_listing, a_person, a_provider, a_seller, a_standing


def refused_instruction(**links: object) -> Instruction:
    """A refund that the processor would not make."""
    number = Instruction.objects.count()
    return Instruction.objects.create(
        kind="refund",
        purpose=f"escrow:{number}:refund",
        params={"charge": f"ch_{number}", "amount": 3000},
        status="refused",
        due_at=None,
        tries=1,
        first_sent_at=timezone.now(),
        error="charge_already_refunded: it was refunded before",
        **links,
    )


def event_set_aside() -> WebhookEvent:
    """An event that failed ten times."""
    return WebhookEvent.objects.create(
        event_id=f"evt_{WebhookEvent.objects.count()}",
        type="charge.updated",
        object_id="ch_1",
        due_at=None,
        tries=10,
        error="TimeoutError()",
    )


def a_failed_payout(seller: Person | None = None) -> Payout:
    """Money that the bank sent back to the seller's account."""
    return Payout.objects.create(
        person=seller or a_seller(),
        amount_cents=12_34,
        currency="USD",
        status="failed",
        failure="account_closed",
        failed_at=timezone.now(),
    )


def an_incident(kind: str = "card_dispute") -> Incident:
    return Incident.objects.create(
        key=f"{kind}:{Incident.objects.count()}",
        kind=kind,
        text="The buyer's bank disputes 3000 USD.",
    )


def a_difference() -> Difference:
    """A line that the processor has and we do not."""
    run = Reconciliation.objects.create(lines=3, matched=2, found=1, finished_at=timezone.now())
    return Difference.objects.create(
        key=f"extra:{run.pk}",
        kind="extra",
        source="ch_nobodys",
        posted_cents=0,
        line_cents=3000,
        currency="USD",
        text="ch_nobodys: 3000 was moved there, and nothing is posted here.",
        last_in=run,
    )


def a_report(listing: Listing, reporter: Person | None = None) -> Report:
    return Report.objects.create(
        listing=listing, reporter=reporter, reason="stolen", text="This was mine."
    )


def in_review(seller: Person | None = None) -> Listing:
    """An offer with a consent to examine."""
    provider = a_provider("strict", resale_policy=ResalePolicy.CONSENT_REQUIRED)
    return a_listing(seller=seller or a_seller(), status=ListingStatus.IN_REVIEW, provider=provider)


def all_of_it(buyer: Person, seller: Person) -> None:
    """A row of every kind that needs no processor."""
    in_review(seller)
    coded = a_listing(seller=seller, codes=["CANARY-AAAA-1111", "CANARY-BBBB-2222"])
    a_report(coded, buyer)
    Question.objects.create(listing=coded, by=buyer, text="Until when?")
    a_standing(seller, completed=7, failed=1)
    refused_instruction(person=a_person())
    event_set_aside()
    an_incident()
    a_difference()
    create(person=buyer, name="my script")
    Payout.objects.create(person=seller, amount_cents=12_34, currency="USD")
    Notification.objects.create(person=buyer, kind="order_placed", key="order:1", context={})
    one_person.raise_case(buyer.pk, seller.pk, evidence="card")
    reporter = a_person()
    Proposal.objects.create(
        action="listings.listing.removal",
        row=str(coded.pk),
        subject=f"listing:{coded.pk}",
        title="Remove: a proposal",
        terms=(terms := Terms("listings.listing.removal", str(coded.pk), "", {})).text,
        digest=terms.digest,
        proposed_by=reporter,
        expires_at=timezone.now() + timedelta(days=3),
    )
    Freeze.objects.create(begun_by=reporter, reason="The bank called.")
    tuning.make_rows()
    dials.make_rows()
    Document.objects.get_or_create(name="decisions", kind="decisions")
    ledger_audit.run()
    assert LedgerAudit.objects.exists()
