"""The table of roles: every page and act of the console is looked up there, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin as admin_module
from django.db import transaction
from django.test import Client

from accounts import appointing, authority, one_person, roles
from accounts.console import ConsoleAdmin
from accounts.models import AuditEntry, Likeness, Person, Proposal
from accounts.refusals import NotAllowed
from listings.models import Listing, ListingStatus
from orders import checkout
from tests.console import scenery
from tests.console.conftest import signed_in
from tests.console.test_access import everything, pages
from tests.factories import a_listing, a_person

ROLES = Person.Role.values
# What nobody's case is.
NOBODYS = {
    "accounts.dial",
    "accounts.document",
    "listings.check",
    "providers.provider",
    "payments.ledgeraudit",
    "payments.freeze",
}

# Acts that are no form of a row, but a view that asks the same table.
VIEWS = {"orders.order.private", "listings.code.reading", "accounts.auditentry.export"}


def acts() -> Iterator[tuple[ConsoleAdmin, str]]:
    for known, *_ in pages():
        for act in known.acts:
            yield known, known.action(act)


def one_of(role: str) -> Person:
    return a_person(f"{role}@example.com", role=role, is_staff=True)


def test_the_table_names_every_page_and_act_and_no_other(db: None) -> None:
    table = roles.table()
    assert set(table.roles) == set(ROLES)
    assert set(table.acts) == {action for _, action in acts()} | VIEWS
    models = {str(known.opts.label_lower) for known, *_ in pages()}
    assert {page for page in table.see if not page.startswith("console.")} == models


def test_every_act_says_whose_case_it_is() -> None:
    for known in admin_module.site._registry.values():
        assert isinstance(known, ConsoleAdmin)
        told = known.parties or type(known).parties_of is not ConsoleAdmin.parties_of
        assert told or not known.acts or str(known.opts.label_lower) in NOBODYS, known


@pytest.fixture
def scene(buyer: Person, seller: Person) -> None:
    scenery.all_of_it(buyer, seller)


@pytest.mark.parametrize("role", ROLES)
def test_case_60_each_role_sees_and_does_what_the_table_says(scene: None, role: str) -> None:
    """Without a reason nothing is done; whoever may not is refused before that is asked."""
    client = signed_in(one_of(role))
    forged = {"is_superuser": "on", "role": "admin", "acts-0-id": "1", "acts-TOTAL_FORMS": "1"}
    before = everything()
    for known, where, row in pages():
        sees = role in roles.table().see[str(known.opts.label_lower)]
        assert client.get(where).status_code == (200 if sees else 403), where
        pk = row.pk if row else 1
        page = f"{where}{pk}/change/"
        assert client.get(page).status_code == (403 if not sees else 200 if row else 404), page
        for address in (where, page, f"{where}add/", f"{where}{pk}/delete/"):
            assert client.post(address, forged).status_code in (403, 404, 405), address
        for act in known.acts:
            rule = roles.table().acts[known.action(act)]
            allowed = sees and role in rule.may
            expected = 403 if not allowed else 400 if row else 404
            if allowed and row and known.barred(row, one_of_this(role)):
                continue
            answer = client.post(f"{where}{pk}/{act.name}/", forged)
            assert answer.status_code == expected, (act.name, where)
    assert everything() == before


def one_of_this(role: str) -> Person:
    return Person.objects.get(email=f"{role}@example.com")


def test_what_the_table_does_not_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, desk: Client
) -> None:
    listing = scenery.in_review()
    rules = dict(roles.table().acts)
    del rules["listings.listing.approval"]
    table = roles.Table(roles.table().roles, roles.table().see, rules)
    monkeypatch.setattr(roles, "table", lambda: table)
    address = f"/console/listings/listing/{listing.pk}/approval/"
    assert desk.post(address, {"reason": "In order."}).status_code == 403
    listing.refresh_from_db()
    assert listing.status == ListingStatus.IN_REVIEW


def test_case_60_an_empty_list_of_roles_allows_nobody(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    table = roles.Table({}, {"a.b": frozenset()}, {"a.b.c": roles.Rule(may=frozenset())})
    monkeypatch.setattr(roles, "table", lambda: table)
    for person in (one_of("admin"), a_person(), a_person(is_superuser=True)):
        assert not authority.may(person, "a.b.c")
        assert not authority.may_see(person, "a.b")
        with pytest.raises(NotAllowed):
            authority.require(person, "a.b.c", parties=())


def test_staff_without_a_role_enter_nothing(db: None) -> None:
    nobody = a_person(is_staff=True, role="")
    assert signed_in(nobody).get("/console/").status_code == 302


def test_demotion_bites_on_the_next_request(desk: Client, moderator: Person) -> None:
    listing = scenery.in_review()
    address = f"/console/listings/listing/{listing.pk}/approval/"
    assert desk.get(address.replace("approval", "change")).status_code == 200
    Person.objects.filter(pk=moderator.pk).update(role="support")
    assert desk.post(address, {"reason": "In order."}).status_code == 403
    Person.objects.filter(pk=moderator.pk).update(role="", is_staff=False)
    assert desk.get("/console/").status_code == 302
    listing.refresh_from_db()
    assert listing.status == ListingStatus.IN_REVIEW
    assert not AuditEntry.objects.filter(actor=moderator).exists()


def test_nobody_decides_on_the_case_of_who_they_are_known_to_be(
    desk: Client, moderator: Person, seller: Person
) -> None:
    """Through a third account, too."""
    listing, between = scenery.in_review(seller), a_person()
    for one, other in ((moderator, between), (between, seller)):
        one_person.raise_case(one.pk, other.pk, evidence="card")
    Likeness.objects.update(decision=Likeness.SAME)
    page = f"/console/listings/listing/{listing.pk}/change/"
    assert "another moderator decides" in desk.get(page).content.decode()
    answer = desk.post(page.replace("change", "approval"), {"reason": "Mine."}, follow=True)
    assert "Nobody decides on their own case." in answer.content.decode()
    assert Listing.objects.get(pk=listing.pk).status == ListingStatus.IN_REVIEW
    assert not AuditEntry.objects.filter(actor=moderator).exists()


def test_what_two_wrote_is_read_by_those_who_may_and_are_no_party(
    moderator: Person, buyer: Person, seller: Person
) -> None:
    with transaction.atomic():
        order = checkout.reserve(
            buyer=buyer, listing=a_listing(seller=seller), face_value_cents=50_00
        )
    address = f"/console/orders/order/{order.pk}/private/"
    Person.objects.filter(pk=buyer.pk).update(is_staff=True, role="lead")
    buyer.refresh_from_db()
    for person, status in ((one_of("support"), 403), (buyer, 403), (moderator, 200)):
        answer = signed_in(person).post(address, {"reason": "A report."})
        assert answer.status_code == status, person


def test_a_reporter_does_not_close_their_own_report(desk: Client, moderator: Person) -> None:
    report = scenery.a_report(a_listing(), moderator)
    address = f"/console/listings/report/{report.pk}/closure/"
    answer = desk.post(address, {"reason": "I was right."}, follow=True)
    assert "Nobody decides on their own case." in answer.content.decode()
    report.refresh_from_db()
    assert report.closed_at is None


def test_an_administrator_gives_and_takes_roles_with_a_second_person(
    office: Client, buyer: Person
) -> None:
    lead = signed_in(one_of("lead"))

    def give(role: str) -> str:
        address = f"/console/accounts/person/{buyer.pk}/role/"
        given: dict[str, Any] = {"role": role, "reason": "Joins the team."}
        page = office.post(address, given, follow=True).content.decode()
        if proposal := Proposal.objects.filter(state="open").first():
            agreed = {"digest": proposal.digest, "reason": "I know them."}
            lead.post(f"/console/accounts/proposal/{proposal.pk}/agreement/", agreed)
        return page

    assert "Proposed" in give("lead")
    buyer.refresh_from_db()
    assert (buyer.role, buyer.is_staff, buyer.is_superuser) == ("lead", True, False)
    assert "They have this role already." in give("lead")
    give("")
    buyer.refresh_from_db()
    assert (buyer.role, buyer.is_staff) == ("", False)
    entry = AuditEntry.objects.filter(act="role_given").first()
    assert entry is not None
    assert entry.details == {"before": "lead", "after": ""}
    assert entry.subject == f"person:{buyer.pk}"


def test_nobody_gives_a_role_to_themselves(office: Client, admin: Person) -> None:
    office.post(f"/console/accounts/person/{admin.pk}/role/", {"role": "finance", "reason": "Me."})
    admin.refresh_from_db()
    assert admin.role == "admin"
    with pytest.raises(NotAllowed):
        appointing.appoint(admin, actor=admin, role="finance", reason="Me.")
    assert not AuditEntry.objects.exists()
