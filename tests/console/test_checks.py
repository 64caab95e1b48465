"""Checks before people: what each finds, in words; that it only sorts; that it is tried first."""

from collections.abc import Callable
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, Device, Person
from listings import checks, publishing, tuning
from listings.check_models import FLAGGED_FROM, Check, Tuning
from listings.models import Code, CodeStatus, Finding, Listing, ListingStatus
from marketplace.console import queue
from payments.models import Fingerprint
from tests.console import scenery
from tests.console.conftest import signed_in
from tests.factories import a_listing, a_person, a_standing, copies_of

IN_REVIEW = ListingStatus.IN_REVIEW
CODE = "SEEN-BEFORE-1111"


def _market(seller: Person) -> None:
    for _ in range(5):
        a_listing(discount_bp=3500)


def _much(seller: Person) -> None:
    Person.objects.filter(pk=seller.pk).update(name="Newcomer")


def _devices(seller: Person) -> None:
    for person in (seller, a_person()):
        Device.objects.create(person=person, digest="d" * 64, described="A browser")


def _cards(seller: Person) -> None:
    for person in (seller, a_person(), a_person()):
        Fingerprint.objects.create(person=person, kind="bank", mark="m" * 64)


def _many(seller: Person) -> None:
    copies_of(a_listing(seller=seller, status="draft"), 9)
    Listing.objects.filter(seller=seller).update(description="")


def _copied(seller: Person) -> None:
    copies_of(a_listing(), 1)


def _code(seller: Person) -> None:
    a_listing(codes=[CODE], status="withdrawn")
    assert Code.objects.get().status == CodeStatus.VOID


def _reports(seller: Person) -> None:
    scenery.a_report(a_listing(seller=seller, description="Mine."), None)


# What is there before, what the offer says, and the sentence that comes of it.
CASES: dict[str, tuple[Callable[[Person], None], dict[str, object], str]] = {
    "price_off_market": (_market, {"discount_bp": 6000}, "is 25 points above the median"),
    "new_seller_with_much": (_much, {"face_value_cents": 2_000_00}, "offers $2,000.00 of credit"),
    "same_device": (_devices, {}, "1 other people signed in from a browser"),
    "shared_fingerprint": (_cards, {}, "2 other people use a card or bank account"),
    "velocity": (_many, {}, "made 11 offers in the day before"),
    "copied_text": (_copied, {}, "2 offers of other sellers have exactly this description"),
    "code_seen_elsewhere": (_code, {"codes": [CODE]}, "1 of its codes were in an offer"),
    "reports": (_reports, {}, "1 reports of the last 90 days"),
}


def handed_in(seller: Person, **terms: object) -> Listing:
    listing = a_listing(seller=seller, status=IN_REVIEW, **({"description": "One."} | terms))  # type: ignore[arg-type]
    return Listing.objects.get(pk=listing.pk)


def test_every_rule_has_a_case_and_came_with_the_migration() -> None:
    assert set(CASES) == set(checks.BY_NAME)
    rows = {rule.name: (rule.weight, rule.threshold) for rule in checks.RULES}
    assert rows == import_module("listings.migrations.0001_first_release").ROWS


@pytest.mark.parametrize("name", CASES)
def test_each_check_finds_its_case_and_only_that(seller: Person, name: str) -> None:
    before, terms, said = CASES[name]
    if name == "copied_text":
        terms = {"description": "Left over from a project that ended early."}
    plain = handed_in(seller)
    assert (plain.check_score, checks.explained(plain)) == (0, [])
    before(seller)
    listing = handed_in(seller, **terms)
    ((weight, sentence),) = checks.explained(listing)
    assert said in sentence
    assert weight == listing.check_score == checks.BY_NAME[name].weight


def test_a_score_sorts_and_does_nothing_else(
    seller: Person, moderator: Person, desk: Client
) -> None:
    plain = handed_in(seller)
    _cards(seller)
    Person.objects.filter(pk=seller.pk).update(name="Newcomer")
    flagged = handed_in(seller, face_value_cents=2_000_00)
    assert flagged.check_score == 70 >= FLAGGED_FROM
    assert flagged.status == IN_REVIEW
    waits = [(item.kind.name, item.key) for item in queue.items(moderator, queue.View())]
    assert [name for name, _ in waits] == ["flagged", "review"]
    assert str(plain.pk) in waits[1][1]
    page = desk.get(f"/console/listings/listing/{flagged.pk}/change/").content.decode()
    assert "2 other people use a card or bank account" in page
    assert "Together 70." in page
    publishing.approve(flagged, actor=moderator, reason="I asked; it is a firm.")
    flagged.refresh_from_db()
    assert flagged.status == ListingStatus.LIVE


def test_what_was_put_right_is_forgotten_when_it_is_handed_in_again(
    seller: Person, moderator: Person
) -> None:
    listing = handed_in(seller, face_value_cents=2_000_00)
    assert Finding.objects.count() == 1
    a_standing(seller, completed=3)
    publishing.reject(listing, actor=moderator, reason="Say more.")
    publishing.edit(listing, actor=seller, terms={"description": "More."}, codes=[])
    publishing.submit(listing, actor=seller)
    listing.refresh_from_db()
    assert listing.check_score == Finding.objects.count() == 0


@pytest.fixture
def lead(db: None) -> Client:
    return signed_in(a_person(role="lead", is_staff=True))


def post(client: Client, act: str, **given: object) -> str:
    values = {"weight": 55, "threshold": 1_000_00, "is_on": "on", "reason": "Too lax."} | given
    address = f"/console/listings/check/new_seller_with_much/{act}/"
    return client.post(address, values, follow=True).content.decode()


def test_a_check_is_tried_on_past_offers_before_it_is_in_force(
    seller: Person, moderator: Person, lead: Client, desk: Client
) -> None:
    tuning.make_rows()
    bad = handed_in(seller, face_value_cents=1_500_00)
    publishing.reject(bad, actor=moderator, reason="Not theirs.")
    handed_in(seller, face_value_cents=1_000_00)
    handed_in(seller)
    assert desk.post("/console/listings/check/velocity/trial/", {"reason": "x"}).status_code == 403
    assert "Try this threshold on past offers first" in post(lead, "setting")
    assert not Tuning.objects.exists()
    assert "2 of 3" in post(lead, "trial")
    tried = Tuning.objects.get()
    assert (tried.offers, tried.hits, tried.bad, tried.in_force) == (3, 2, 1, False)
    assert Check.objects.get(pk="new_seller_with_much").weight == 30
    assert handed_in(seller, face_value_cents=1_000_00).check_score == 0
    assert "In force" in post(lead, "setting")
    assert handed_in(seller, face_value_cents=1_000_00).check_score == 55
    assert "is set so already" in post(lead, "setting")
    post(lead, "setting", is_on="off")
    assert handed_in(seller, face_value_cents=1_000_00).check_score == 0
    entries = AuditEntry.objects.filter(act="check_set", subject="check:new_seller_with_much")
    assert [entry.details["after"] for entry in entries.order_by("id")] == [
        [55, 1_000_00, True],
        [55, 1_000_00, False],
    ]
    assert [(one.in_force, one.is_on) for one in Tuning.objects.all()] == [
        *((True, False), (True, True), (False, True)),
    ]


def test_checking_costs_the_same_however_much_is_there(seller: Person) -> None:
    copies_of(a_listing(), 40)
    listing = handed_in(seller)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        checks.look(listing)
    assert len(queries) <= 7
