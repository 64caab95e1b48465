"""Leaving for good: a person becomes a number, and everybody else's books still add up."""

from functools import partial

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import audit, devices
from accounts.models import (
    ApiToken,
    Device,
    Erasure,
    MailMute,
    Notification,
    Person,
    PersonalExport,
)
from accounts.refusals import NotAllowed, WrongState
from listings import publishing, questions
from listings.models import (
    Consent,
    Listing,
    ListingStatus,
    Question,
    Report,
    SavedSearch,
    Watch,
)
from orders.models import OPEN, Dispute, Evidence, Message, Order, PlacedRequest, Rating
from orders.verification import watching
from payments import give_backs, ledger, tax
from payments.models import (
    Escrow,
    EscrowStatus,
    Instruction,
    InstructionKind,
    InstructionStatus,
    Payout,
    PayoutPlan,
    PayoutStatus,
)
from payments.payouts import CURRENCY

GONE = "[erased]"
# What notices repeat of what a party wrote.
WRITTEN = ("title", "text", "note", "recipient", "reason")
S = ListingStatus
OFFERED = (S.IN_REVIEW, S.LIVE, S.PAUSED, S.SOLD_OUT)


class StillOpen(WrongState):
    """Money or an offer is open; `reasons` says which."""

    code = "still_open"


def money_under_way(person: Person) -> list[str]:
    """Why this is no moment for it, in sentences: money of the person is moving or held."""
    mine = person.selves
    party = Q(buyer__in=mine) | Q(seller__in=mine)
    reasons = []
    if Order.objects.filter(party, status__in=OPEN).exists():
        reasons.append("An order of yours is still open. Every order ends at its deadline.")
    if Escrow.objects.filter(party, status=EscrowStatus.HELD).exists():
        reasons.append("A payment of one of your trades is still held.")
    sending = Q(status__in=[InstructionStatus.READY, InstructionStatus.SENT])
    theirs = Q(person__in=mine) | Q(escrow__buyer__in=mine) | Q(escrow__seller__in=mine)
    theirs |= Q(basket__buyer__in=mine)
    paying_out = Payout.objects.filter(person__in=mine, status=PayoutStatus.PENDING)
    giving = give_backs.under_way_of(mine)
    if Instruction.objects.filter(theirs, sending).exists() or paying_out.exists() or giving:
        reasons.append("Money is on its way to you or from you.")
    return reasons


def obstacles(person: Person) -> list[str]:
    """Why a person cannot be erased now; empty if they can."""
    reasons = money_under_way(person)
    mine = person.selves
    owed = (ledger.owed_to_seller, ledger.at_processor, ledger.owed_to_buyer)
    if any(ledger.balance(account(one), CURRENCY) for one in mine for account in owed):
        reasons.append("You have a balance. Have it paid out first.")
    if Listing.objects.filter(seller__in=mine, status__in=OFFERED).exists():
        reasons.append("You have offers on the market or in review. Withdraw them first.")
    if (
        Escrow.objects.filter(Q(buyer__in=mine) | Q(seller__in=mine), contested_at__isnull=False)
        .exclude(chargebacks__decided_at__isnull=False)
        .exists()
    ):
        reasons.append("A bank disputes a payment of one of your trades.")
    if person.is_staff or person.is_superuser:
        reasons.append("You work in the console. An administrator has to take that right first.")
    return reasons


@transaction.atomic
def erase(person: Person) -> None:
    """Replace all that says who somebody was. Raises StillOpen, changing nothing.

    Amounts, states, times and numbers of trades stay: the other party, the ledger and the tax
    office need them.
    """
    # Whoever places an order takes this row first, and looks whether it is somebody's still.
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if Erasure.objects.filter(person=person).exists():
        raise NotAllowed("This account was erased.")
    if reasons := obstacles(person):
        raise StillOpen(" ".join(reasons), reasons=reasons)
    tax.forget(person)
    # The accounts that they merged into this one are theirs as well.
    for one in (person, *person.merged.order_by("pk")):
        withdraw_drafts(one)
        _questions(one)
        _texts(one)
        _ways_in(one)
        _told(one)
        Erasure.objects.create(person=one)
        audit.record(actor=person, act="person_erased", subject=f"person:{one.pk}")


def withdraw_drafts(person: Person) -> None:
    """Offers that never went live go with their seller."""
    for listing in Listing.objects.filter(seller=person, status__in=[S.DRAFT, S.REJECTED]):
        publishing.withdraw(listing, actor=person)


def _ways_in(person: Person) -> None:
    """Nobody signs in as them again, and nothing names them."""
    person.email, person.name = f"erased-{person.pk}@erased.invalid", ""
    person.is_active, person.password = False, make_password(None)
    person.save()
    devices.end_all(person)
    for rows in _credentials(person):
        rows.delete()
    # All of these are over. What they named is in the processor's own books.
    pages = Q(kind=InstructionKind.CHECKOUT) & (Q(escrow__buyer=person) | Q(escrow__seller=person))
    pages |= Q(kind=InstructionKind.SETUP, basket__buyer=person)
    Instruction.objects.filter(pages | Q(kind=InstructionKind.ACCOUNT, person=person)).update(
        params={}
    )
    PlacedRequest.objects.filter(buyer=person).delete()
    for kept in (PersonalExport, MailMute, SavedSearch, Watch, PayoutPlan):
        kept._default_manager.filter(person=person).delete()


def _credentials(person: Person) -> list[QuerySet]:
    """Rows of libraries and ours that somebody is recognised by: everything that hangs on the
    person and that deleting the person would delete too, but the history of trades."""
    return [
        relation.related_model._base_manager.filter(**{relation.field.name: person})
        for relation in Person._meta.related_objects
        if relation.related_model._meta.app_label
        in ("account", "socialaccount", "mfa", "usersessions")
    ] + [ApiToken.objects.filter(person=person), Device.objects.filter(person=person)]


def _texts(person: Person) -> None:
    """What they wrote; the title of an offer becomes what was sold."""
    for listing in Listing.objects.filter(seller=person).select_related("provider"):
        title = f"Credit of {listing.provider.name}"
        Listing.objects.filter(pk=listing.pk).update(title=title, description="", region="")
        Order.objects.filter(listing=listing).update(title=title)
    Order.objects.filter(seller=person).exclude(sent_note="").update(sent_note=GONE)
    Order.objects.filter(buyer=person).update(recipient="")
    Dispute.objects.filter(opened_by=person).update(text=GONE)
    Dispute.objects.filter(order__seller=person).exclude(answer="").update(answer=GONE)
    Dispute.objects.filter(appealed_by=person).update(appeal=GONE)
    Message.objects.filter(by=person).update(text=GONE)
    Rating.objects.filter(by=person).update(text="")
    Rating.objects.filter(about=person).update(report="")
    watching.forget_all(person)
    # The digest stays: the same picture must not come back as somebody else's.
    Evidence.objects.filter(by=person).update(note="", key_id="", ciphertext=None)
    Report.objects.filter(reporter=person).update(text="", reporter=None)
    consents = Consent.objects.filter(listing__seller=person)
    for consent in consents.exclude(document=""):
        transaction.on_commit(partial(consent.document.delete, save=False))
    consents.update(original_name=GONE, document="")


def _questions(person: Person) -> None:
    """What they asked and answered, and what notices repeat of it; nobody answers a question of
    somebody who is gone."""
    asked = Question.objects.filter(by=person)
    received = Question.objects.filter(listing__seller=person)
    keys = {questions.asked_key(row.pk): ["text"] for row in asked}
    keys |= {questions.answered_key(row.pk): ["text", "title"] for row in received}
    for notice in Notification.objects.filter(key__in=keys):
        notice.context |= dict.fromkeys(keys[notice.key], GONE)
        notice.save(update_fields=["context"])
    asked.filter(answered_at=None).delete()
    asked.update(text=GONE, by=None)
    received.exclude(answer="").update(answer=GONE)


def _told(person: Person) -> None:
    """Their notices go; in others' notices about their trades and offers, what they wrote goes."""
    Notification.objects.filter(person=person).delete()
    trades = Order.objects.filter(Q(buyer=person) | Q(seller=person))
    offers = Listing.objects.filter(seller=person)
    addresses = [order.get_absolute_url() for order in trades.only("pk")]
    addresses += [listing.get_absolute_url() for listing in offers.only("pk")]
    for notice in Notification.objects.filter(context__url__in=addresses):
        notice.context |= {key: GONE for key in WRITTEN if notice.context.get(key)}
        notice.save(update_fields=["context"])
