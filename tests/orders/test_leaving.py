"""Taking one's data along, and leaving: what goes, what stays, and when neither is possible."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import ForeignObjectRel
from django.db.models.functions import Now
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tokens
from accounts.models import (
    ApiToken,
    AuditEntry,
    Device,
    Erasure,
    MailMute,
    Notification,
    Person,
    PersonalExport,
)
from accounts.people import owner_of
from accounts.refusals import NotAllowed, WrongState
from listings import alerts, publishing, questions, saved
from listings.models import Consent, Listing, Question, Report
from marketplace import ledger_audit, sweeps
from orders import baskets, cancellation, checkout, completion, leaving, personal_data, transfer
from orders.models import Dispute, Evidence, Message, Order, PlacedRequest, Rating
from payments import payouts
from payments.models import Instruction, Payout, PayoutAccount, PayoutPlan
from providers.vocabulary import ResalePolicy
from tests.factories import PASSWORD, a_listing, a_person, a_provider
from tests.orders.stages import an_order
from tests.sandbox_process import SandboxProcess
from tests.trade import an_offer, onboard, paid, placed, settle

PATH = "/account/privacy/"
NAME, MAILBOX = "Zerbrandt Quolimex", "zerbrandt.quolimex@canary.example"
AT_PROVIDER = "zq-recipient@canary.example"
CANARIES = ("erbrandt", "uolimex", "canary.example", "zq-", "ZQ-WROTE")
WROTE = "ZQ-WROTE this"


def text_columns() -> list[tuple[str, str]]:
    """Every column of every table that may hold words."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema ="
            " 'public' AND (data_type IN ('text', 'character varying', 'jsonb', 'json', 'tsvector',"
            " 'ARRAY', 'USER-DEFINED') ) ORDER BY 1, 2"
        )
        return list(cursor.fetchall())


def found_anywhere() -> list[str]:
    """Where a canary is still to be read, in any table of the database."""
    found = []
    with connection.cursor() as cursor:
        for table, column in text_columns():
            like = " OR ".join(["(t.c)::text ILIKE %s"] * len(CANARIES))
            cursor.execute(
                f'SELECT count(*) FROM (SELECT "{column}" AS c FROM "{table}") AS t WHERE {like}',
                [f"%{canary}%" for canary in CANARIES],
            )
            if cursor.fetchone()[0]:
                found.append(f"{table}.{column}")
    return found


# What may still point at somebody who left: their trades, and what was decided about them.
STAYING = {
    "accounts.AuditEntry",
    "accounts.Erasure",
    "accounts.Likeness",
    "accounts.Standing",
    "listings.Listing",
    "listings.ListingEvent",
    "orders.Dispute",
    "orders.DisputeEvent",
    "orders.Evidence",
    "orders.Message",
    "orders.Order",
    "orders.OrderEvent",
    "orders.Rating",
    "payments.Basket",
    "payments.BasketEvent",
    "payments.Escrow",
    "payments.EscrowEvent",
    "payments.Fingerprint",
    "payments.Instruction",
    "payments.Payout",
    "payments.PayoutAccount",
}
# Tables that this story does not come by.
ELSEWHERE = {
    "accounts.Person",  # merged accounts: tests/accounts/test_merged.py
    "accounts.Claim",
    "accounts.DialChange",
    "accounts.Edition",
    "accounts.MoneyDecision",
    "accounts.Proposal",
    "accounts.Restriction",
    "admin.LogEntry",
    "listings.Consent",
    "listings.Tuning",
    "orders.CodeOpening",
    "orders.Decision",
    "orders.ProposedSplit",
    "orders.VerificationEvent",
    "orders.Weighing",
    "payments.Freeze",
    "payments.TaxDetails",
    "providers.PolicyChange",
}


def tables_about_people() -> dict[str, list[Any]]:
    """Every table that points at a person, with the relations by which it does."""
    found: dict[str, list[Any]] = {}
    for field in Person._meta.get_fields(include_hidden=True):
        if isinstance(field, ForeignObjectRel) and not field.related_model._meta.auto_created:
            found.setdefault(field.related_model._meta.label, []).append(field)
    return found


def still_theirs(person: Person) -> set[str]:
    """The tables in which something points at the person."""
    return {
        label
        for label, fields in tables_about_people().items()
        for field in fields
        if field.related_model._base_manager.filter(**{field.field.name: person}).exists()
    }


@pytest.fixture
def canary(db: None) -> Person:
    """Somebody who left traces in every way in."""
    person = a_person(MAILBOX, name=NAME)
    SocialAccount.objects.create(
        user=person, provider="github", uid="zq-4711", extra_data={"login": "zq-hub", "name": NAME}
    )
    tokens.create(person=person, name="zq-script")
    Device.objects.create(person=person, digest="0" * 64, described="Firefox", name="zq-laptop")
    UserSession.objects.create(
        user=person, ip="192.0.2.7", session_key="zq-session", user_agent="zq-browser"
    )
    saved.save(person, QueryDict("q=zq-need"))
    alerts.watch(person, a_listing())
    PayoutPlan.objects.create(person=person, every="weekly")
    MailMute.objects.create(person=person, group="trades")
    return person


def _sold(seller: Person, buyer: Person, sandbox: SandboxProcess) -> Order:
    """A sale of theirs, with everything written that can be, and its money at their bank."""
    onboard(seller)
    provider = a_provider("strict", resale_policy=ResalePolicy.CONSENT_REQUIRED)
    written = {"title": WROTE, "description": NAME, "region": "zq-region"}
    listing = a_listing(seller=seller, provider=provider, **written)
    asked = questions.ask(listing, actor=buyer, text="Until when?")
    questions.answer(asked, actor=seller, text=WROTE)
    saved.save(buyer, QueryDict("min_discount_bp=3000"))
    with transaction.atomic():
        alerts.announce(listing)
    alerts.tell_due()
    assert Notification.objects.filter(kind="alert_match", context__title=WROTE).exists()
    order = placed(buyer, listing, 50_00)
    transfer.send(paid(order), actor=seller, note=WROTE)
    completion.confirm(order, actor=buyer)
    settle()
    assert any("balance" in reason for reason in leaving.obstacles(seller))
    payout = payouts.request_payout(seller)
    for _ in range(10):
        # Until the processor has the money at hand, it refuses for now and is asked again.
        Instruction.objects.filter(payout=payout, due_at__isnull=False).update(due_at=Now())
        settle(1)
        payout.refresh_from_db()
        if payout.remote_id:
            break
        sandbox.control("POST", "clock/", {"advance_seconds": 60})
    sandbox.control("POST", f"payouts/{payout.remote_id}/", {"outcome": "paid"})
    payouts.follow(payout.remote_id)
    publishing.withdraw(Listing.objects.get(pk=listing.pk), actor=seller)
    return order


def _bought(buyer: Person) -> None:
    """A purchase of theirs that went wrong, with what they wrote on the way."""
    basket = baskets.place(
        buyer=buyer, parts=[baskets.Wanted(a_listing(), 10_00) for _ in range(2)]
    )
    baskets.cancel(basket, actor=buyer)
    stage = "decided for the buyer"
    order = an_order(buyer=buyer, listing=an_offer(), stage=stage, recipient=AT_PROVIDER)
    Dispute.objects.filter(order=order).update(text=WROTE, appeal=WROTE, appealed_by=buyer)
    for notice in Notification.objects.filter(kind="order_disputed_seller"):
        notice.context["text"] = WROTE
        notice.save()
    for text in (WROTE, "ZQ-WROTE more"):
        asked = questions.ask(order.listing, actor=buyer, text=text)
    questions.answer(asked, actor=order.seller, text="Yes.")
    Report.objects.create(listing=order.listing, reporter=buyer, reason="other", text=WROTE)
    Message.objects.create(order=order, by=buyer, text=WROTE)
    Rating.objects.create(order=order, by=buyer, about=order.seller, stars=1, text=WROTE)
    picture = {"nonce": "n", "digest": "d", "content_type": "image/png", "size_bytes": 1}
    Evidence.objects.create(order=order, by=buyer, kind="account", note=WROTE, **picture)
    PlacedRequest.objects.create(buyer=buyer, key="zq-key", body_digest="x", answer={"x": WROTE})


def test_erasing_leaves_no_trace_and_the_books_add_up(
    books: None, sandbox: SandboxProcess, canary: Person, buyer: Person
) -> None:
    own = _sold(canary, buyer, sandbox)
    _bought(canary)
    settle()
    document = Consent.objects.get().document
    Authenticator.objects.create(user=canary, type=Authenticator.Type.TOTP, data={"zq-": "zq-"})
    PersonalExport.objects.create(person=canary, made_at=Now(), due_at=None, content=b"zq-")
    assert len(found_anywhere()) > 15
    # A new table about people belongs into this story, and is erased or named as one that stays.
    assert set(tables_about_people()) - still_theirs(canary) - STAYING == ELSEWHERE
    kept = list(Order.objects.order_by("pk").values_list("price_cents", "status", "ended_at"))
    leaving.erase(canary)
    assert found_anywhere() == []
    assert still_theirs(canary) == STAYING
    gone = {(leaving.GONE, "Yes."), ("Until when?", leaving.GONE)}
    assert set(Question.objects.values_list("text", "answer")) == gone
    assert not document.storage.exists(document.name)
    now = list(Order.objects.order_by("pk").values_list("price_cents", "status", "ended_at"))
    assert now == kept
    assert ledger_audit.violations() == []
    own.refresh_from_db()
    assert own.title == "Credit of Strict"
    mine = Client()
    mine.force_login(buyer, backend="django.contrib.auth.backends.ModelBackend")
    assert f"Member {canary.pk}" in mine.get(f"/orders/{own.pk}/").content.decode()


def test_nobody_gets_in_again_and_the_mailbox_is_free(canary: Person) -> None:
    token = tokens.create(person=canary, name="another")
    browser = Client()
    browser.force_login(canary, backend="django.contrib.auth.backends.ModelBackend")
    leaving.erase(canary)
    assert browser.get("/account/").status_code == 302
    call = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"})
    assert call.status_code == 401
    with pytest.raises(tokens.WrongPassword):
        tokens.exchange(email=MAILBOX, password=PASSWORD)
    assert owner_of(MAILBOX) is None
    with pytest.raises(NotAllowed):
        leaving.erase(canary)
    assert Erasure.objects.count() == 1
    assert AuditEntry.objects.filter(subject=f"person:{canary.pk}").count() == 1


def open_order(person: Person) -> None:
    with transaction.atomic():
        checkout.reserve(buyer=person, listing=a_listing(), face_value_cents=50_00)


def live_offer(person: Person) -> None:
    PayoutAccount.objects.create(person=person, remote_id="acct_canary", ready=True)
    a_listing(seller=person)


def pending_payout(person: Person) -> None:
    Payout.objects.create(person=person, amount_cents=100, currency="USD")


def works_here(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(is_staff=True)


@pytest.mark.parametrize("case", [open_order, live_offer, pending_payout, works_here])
def test_what_is_open_is_said_and_nothing_is_erased(
    case: Callable[[Person], None], canary: Person
) -> None:
    assert leaving.obstacles(canary) == []
    case(canary)
    with pytest.raises(leaving.StillOpen) as refused:
        leaving.erase(canary)
    assert refused.value.extra["reasons"]
    canary.refresh_from_db()
    assert (canary.email, canary.is_active) == (MAILBOX, True)
    assert ApiToken.objects.filter(person=canary).exists()
    assert not Erasure.objects.exists()


def test_an_order_cannot_be_placed_by_somebody_who_is_gone(canary: Person) -> None:
    before = Person.objects.get(pk=canary.pk)
    leaving.erase(canary)
    with pytest.raises(NotAllowed), transaction.atomic():
        open_order(before)
    assert not Order.objects.exists()


def test_erasing_on_the_page_asks_who_it_is_and_once_more(canary: Person, client: Client) -> None:
    cache.clear()  # or other tests' tries would count
    client.post("/accounts/login/", {"login": MAILBOX, "password": PASSWORD})
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    answer = client.post(f"{PATH}erasure/", {"understood": "on"})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not Erasure.objects.exists()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert client.post(f"{PATH}erasure/", {}).status_code == 400
    assert not Erasure.objects.exists()
    answer = client.post(f"{PATH}erasure/", {"understood": "on"})
    assert "Nothing here names you" in answer.content.decode()
    assert Erasure.objects.get().person_id == canary.pk
    assert client.get(PATH).status_code == 302


def parts_of(client: Client) -> dict[str, Any]:
    answer = client.get(f"{PATH}export/download/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name).decode("latin-1") for name in archive.namelist()}


def test_an_export_holds_what_is_mine_and_nothing_of_others(
    canary: Person, buyer: Person, client: Client
) -> None:
    live_offer(canary)
    other = a_listing(title="Not the canary's at all")
    with transaction.atomic():
        order = checkout.reserve(
            buyer=buyer, listing=Listing.objects.get(seller=canary), face_value_cents=50_00
        )
    cancellation.withdraw(order, actor=buyer)
    Instruction.objects.update(status="called_off", due_at=None)
    client.force_login(canary, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"{PATH}export/").status_code == 302
    assert client.get(f"{PATH}export/download/").status_code == 404
    assert "0 of 9 parts" in client.get(PATH).content.decode()
    sweeps.sweep()
    parts = parts_of(client)
    assert set(parts) == {f"{name}.json" for name in personal_data.PARTS}
    assert json.loads(parts["profile.json"])["email"] == MAILBOX
    assert json.loads(parts["orders.json"])[0]["buyer"] == "Bea"
    everything = " ".join(parts.values())
    for theirs in (buyer.email, other.title, canary.password, "digest"):
        assert theirs not in everything
    assert client.get(f"{PATH}export/state/").status_code == 286


def test_a_worker_that_died_is_followed_by_another(canary: Person) -> None:
    export = personal_data.ask(canary)
    assert personal_data.ask(canary).pk == export.pk
    assert personal_data.due() == [export.pk]
    claimed = PersonalExport.objects.filter(pk=export.pk)
    claimed.update(due_at=Now() + timedelta(minutes=1), tries=1, parts_done=3)
    personal_data.make(export.pk)
    assert claimed.get().made_at is None
    claimed.update(due_at=Now())
    personal_data.make(export.pk)
    made = claimed.get()
    assert made.parts_done == len(personal_data.PARTS)
    personal_data.make(export.pk)
    assert claimed.get().content == made.content
    claimed.update(made_at=Now() - personal_data.KEPT_FOR - timedelta(minutes=1))
    assert personal_data.forget_old() == 1


def test_no_export_while_money_is_open(canary: Person, client: Client) -> None:
    open_order(canary)
    client.force_login(canary, backend="django.contrib.auth.backends.ModelBackend")
    client.post(f"{PATH}export/")
    assert not PersonalExport.objects.exists()
    assert "still open" in client.get(PATH).content.decode()
    with pytest.raises(WrongState):
        personal_data.ask(canary)


def test_the_page_asks_no_more_for_more_trades(canary: Person, client: Client) -> None:
    client.force_login(canary, backend="django.contrib.auth.backends.ModelBackend")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(PATH)
        return len(queries)

    before = asked()
    for _ in range(3):
        open_order(canary)
    assert asked() <= before
