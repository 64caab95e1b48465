"""Everything about a person, for themselves: made by a worker, part by part, safe to repeat.

It says what the person gave and did, and of others only what their trades showed anyway: their
public name. Secrets are left out: hashes, ciphertexts, tokens of sign-in.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import F, Model, Q
from django.db.models.functions import Now

from accounts.encryption import decrypt_bytes
from accounts.models import (
    ApiToken,
    AuditEntry,
    Device,
    MailMute,
    Notification,
    Person,
    PersonalExport,
    Restriction,
    Standing,
)
from accounts.refusals import WrongState
from listings.models import Consent, Listing, Question, Report, SavedSearch, Watch
from orders.leaving import money_under_way
from orders.models import Dispute, Evidence, Order
from orders.verification import report
from payments import ledger
from payments.models import Basket, Payout, PayoutAccount, PayoutPlan, Posting, TaxDetails
from payments.payouts import balances

KEPT_FOR = timedelta(days=7)
RETRY_AFTER = timedelta(minutes=1)
MOST_TRIES = 5
Part = Callable[[Person], Any]


class MoneyUnderWay(WrongState):
    code = "money_under_way"


def _rows(rows: Iterable[Model], *left_out: str) -> list[dict[str, Any]]:
    """Rows as they are stored, less some columns."""
    secret = {"search", *left_out}
    return [
        {
            field.name: field.value_from_object(row)
            for field in row._meta.concrete_fields
            if field.name not in secret
        }
        for row in rows
    ]


def _history(row: Any) -> list[dict[str, Any]]:
    return _rows(row.events.all(), "id", "actor", row._meta.model_name)


def _profile(person: Person) -> Any:
    addresses = EmailAddress.objects.filter(user__in=person.selves)
    identities = SocialAccount.objects.filter(user__in=person.selves)
    return {
        **_rows([person], "password")[0],
        "addresses": list(addresses.values("email", "verified", "primary")),
        "identities": list(identities.values("provider", "uid", "date_joined")),
        "tokens": _rows(ApiToken.objects.filter(person__in=person.selves), "digest"),
        "mails_not_wanted": _rows(MailMute.objects.filter(person__in=person.selves)),
        "devices": _rows(Device.objects.filter(person__in=person.selves), "digest"),
        "sessions": _rows(
            UserSession.objects.filter(user__in=person.selves), "session_key", "data"
        ),
        "merged": _rows(person.merged.order_by("pk"), "password"),
        "standing": _rows(Standing.objects.filter(person__in=person.selves)),
        "restrictions": _rows(Restriction.objects.filter(person__in=person.selves), "by"),
    }


def _listings(person: Person) -> Any:
    rows = Listing.objects.filter(seller__in=person.selves).defer("search").order_by("created_at")
    return [
        {
            **_rows([row])[0],
            "history": _history(row),
            "consents": _rows(row.consents.all(), "document"),
        }
        for row in rows.prefetch_related("events", "consents")
    ]


def _orders(person: Person) -> Any:
    disputes = {
        dispute.order_id: [dispute]
        for dispute in Dispute.objects.filter(
            Q(order__buyer__in=person.selves) | Q(order__seller__in=person.selves)
        )
    }
    rows = Order.objects.visible_to(person).order_by("placed_at")
    return [
        {
            **_rows([row])[0],
            "buyer": row.buyer.public_name,
            "seller": row.seller.public_name,
            "role": "buyer" if row.buyer_id in person.selves else "seller",
            "history": _history(row),
            "dispute": _rows(disputes.get(row.pk, []), "decided_by", "opened_by", "appealed_by"),
            "arrival": report.compose(row),
            "evidence": _rows(row.evidence.all(), "key_id", "ciphertext", "nonce", "by"),
            "messages": [
                {
                    "at": message.at,
                    "by": "you" if message.by_id in person.selves else message.by.public_name,
                    "text": message.text,
                    "picture": _file_name(message.picture) if hasattr(message, "picture") else None,
                }
                for message in row.messages.all()
            ],
            "ratings": [
                {
                    "by": "you" if rating.by_id in person.selves else rating.by.public_name,
                    "stars": rating.stars,
                    "text": rating.text,
                    "at": rating.at,
                }
                for rating in row.ratings.all()
                if rating.by_id in person.selves or rating.shown_at
            ],
        }
        for row in rows.with_parts().prefetch_related(
            "events", "messages__by", "messages__picture", "evidence", "ratings__by"
        )
    ]


def _money(person: Person) -> Any:
    accounts = [
        account(one)
        for one in person.selves
        for account in (
            ledger.owed_to_seller,
            ledger.owed_to_buyer,
            ledger.at_processor,
            ledger.bank,
        )
    ]
    moved = Posting.objects.filter(Q(source__in=accounts) | Q(destination__in=accounts))
    return {
        "balances": vars(balances(person)),
        "payout_account": _rows(PayoutAccount.objects.filter(person__in=person.selves)),
        "tax_details": _rows(
            TaxDetails.objects.filter(person__in=person.selves), "key_id", "ciphertext"
        ),
        "payout_plan": _rows(PayoutPlan.objects.filter(person__in=person.selves)),
        "payouts": _rows(Payout.objects.filter(person__in=person.selves)),
        "baskets": [
            _rows([basket])[0] | {"orders": [escrow.reference for escrow in basket.escrows.all()]}
            for basket in Basket.objects.filter(buyer__in=person.selves).prefetch_related("escrows")
        ],
        "postings": _rows(moved.order_by("pk")),
    }


def _told(person: Person) -> Any:
    return _rows(Notification.objects.filter(person__in=person.selves).order_by("pk"))


def _kept(person: Person) -> Any:
    """What they look for and what they keep an eye on."""
    return {
        "searches": _rows(SavedSearch.objects.filter(person__in=person.selves).order_by("pk")),
        "watched": _rows(Watch.objects.filter(person__in=person.selves).order_by("pk")),
    }


def _questions(person: Person) -> Any:
    """What they asked, and what they were asked; who asked them was never told."""
    asked = Question.objects.filter(by__in=person.selves).order_by("pk")
    received = Question.objects.filter(listing__seller__in=person.selves).order_by("pk")
    return {"asked": _rows(asked), "received": _rows(received, "by")}


def _reports(person: Person) -> Any:
    return _rows(Report.objects.filter(reporter__in=person.selves).order_by("pk"))


def _decisions(person: Person) -> Any:
    """What was decided about the person, and what they decided themselves."""
    subjects = [f"person:{one}" for one in person.selves]
    about = Q(subject__in=subjects) | Q(actor__in=person.selves)
    return list(AuditEntry.objects.filter(about).values("at", "act", "subject", "reason"))


PARTS: dict[str, Part] = {
    "profile": _profile,
    "listings": _listings,
    "orders": _orders,
    "money": _money,
    "notices": _told,
    "kept": _kept,
    "questions": _questions,
    "reports": _reports,
    "decisions": _decisions,
}


def ask(person: Person) -> PersonalExport:
    """Have an export made; the one under way if there is one. Raises MoneyUnderWay."""
    if reasons := money_under_way(person):
        raise MoneyUnderWay(" ".join(reasons))
    try:
        with transaction.atomic():
            # What was made before is replaced: one copy of everything is enough.
            PersonalExport.objects.filter(person=person, made_at__isnull=False).delete()
            return PersonalExport.objects.create(person=person)
    except IntegrityError:
        return PersonalExport.objects.get(person=person, made_at=None)


def due() -> list[int]:
    """Exports that are to be made now."""
    rows = PersonalExport.objects.filter(due_at__lte=Now()).order_by("due_at")
    return list(rows.values_list("pk", flat=True)[:10])


def make(export_id: int) -> None:
    """Make an export unless somebody else does; begun anew if an earlier try broke off."""
    row = PersonalExport.objects.filter(pk=export_id, made_at=None)
    claim = row.filter(due_at__lte=Now()).update(
        due_at=Now() + RETRY_AFTER, tries=F("tries") + 1, parts_done=0
    )
    if not claim:
        return
    export = row.select_related("person").get()
    if export.tries >= MOST_TRIES:
        row.update(due_at=None)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in PARTS.items():
            text = json.dumps(part(export.person), cls=DjangoJSONEncoder, indent=2)
            archive.writestr(f"{name}.json", text)
            row.update(parts_done=F("parts_done") + 1)
        _documents(export.person, archive)
    row.update(content=content.getvalue(), made_at=Now(), due_at=None)


def _file_name(evidence: Evidence) -> str:
    return f"evidence-{evidence.pk}.{evidence.suffix}"


def _documents(person: Person, archive: zipfile.ZipFile) -> None:
    for evidence in Evidence.objects.filter(by__in=person.selves, ciphertext__isnull=False):
        content = decrypt_bytes(evidence.key_id, bytes(evidence.ciphertext or b""))
        archive.writestr(f"documents/{_file_name(evidence)}", content)
    for consent in Consent.objects.filter(listing__seller__in=person.selves).exclude(document=""):
        suffix = consent.content_type.rpartition("/")[2]
        with consent.document.open("rb") as document:
            archive.writestr(f"documents/consent-{consent.pk}.{suffix}", document.read())


def forget_old() -> int:
    """Delete exports that had their days."""
    done, _ = PersonalExport.objects.filter(made_at__lt=Now() - KEPT_FOR).delete()
    return done
