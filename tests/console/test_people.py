"""Suspending people, and changing a provider's policy."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import AuditEntry, Person, Proposal
from accounts.tokens import create
from orders import leaving
from providers.models import PolicyChange, Provider
from tests.console.conftest import signed_in
from tests.console.test_queue import queries_of
from tests.factories import a_listing, a_person, a_provider


def act(client: Client, person: Person, what: str, reason: str = "Stolen cards.") -> str:
    address = f"/console/accounts/person/{person.pk}/{what}/"
    return client.post(address, {"reason": reason}, follow=True).content.decode()


def is_active(person: Person) -> bool:
    return Person.objects.get(pk=person.pk).is_active


def test_a_suspended_person_is_out_at_once(desk: Client, moderator: Person, buyer: Person) -> None:
    theirs, token = signed_in(buyer), create(person=buyer, name="")
    assert "Suspended" in act(desk, buyer, "suspension")
    assert not is_active(buyer)
    assert theirs.get("/account/").status_code == 302
    program = APIClient(headers={"Authorization": f"Bearer {token}"})
    assert program.get("/api/v1/orders/").status_code == 401
    entry = AuditEntry.objects.get(act="person_suspended")
    assert (entry.actor, entry.subject, entry.reason) == (
        moderator,
        f"person:{buyer.pk}",
        "Stolen cards.",
    )


def test_a_suspension_is_lifted(desk: Client, buyer: Person) -> None:
    act(desk, buyer, "suspension")
    assert "Reinstated" in act(desk, buyer, "reinstatement")
    assert is_active(buyer)
    assert AuditEntry.objects.filter(act="person_reinstated").exists()


def test_who_was_erased_is_not_let_in_again(desk: Client, buyer: Person) -> None:
    leaving.erase(buyer)
    page = desk.get(f"/console/accounts/person/{buyer.pk}/change/").content.decode()
    assert "Lift the suspension" not in page
    said = act(desk, buyer, "reinstatement")
    assert "This account was erased by its owner, and stays closed." in said
    assert not is_active(buyer)
    assert not AuditEntry.objects.filter(act="person_reinstated").exists()


def test_moderators_are_suspended_by_administrators_only(desk: Client, office: Client) -> None:
    other = a_person("moderator2@example.com", is_staff=True)
    assert "Only an administrator may suspend" in act(desk, other, "suspension")
    assert is_active(other)
    assert not AuditEntry.objects.exists()
    act(office, other, "suspension")
    assert not is_active(other)


def test_nobody_suspends_themselves(office: Client, admin: Person) -> None:
    assert "Nobody decides on their own case." in act(office, admin, "suspension")
    assert is_active(admin)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("what", ["suspension", "reinstatement"])
def test_ordinary_people_suspend_nobody(buyer: Person, seller: Person, what: str) -> None:
    for client in (Client(), signed_in(buyer)):
        answer = client.post(f"/console/accounts/person/{seller.pk}/{what}/", {"reason": "Let me."})
        assert answer.status_code == 302
        assert is_active(seller)
    assert not AuditEntry.objects.exists()


def test_the_page_keeps_secrets(desk: Client, buyer: Person) -> None:
    token = create(person=buyer, name="my script")
    page = desk.get(f"/console/accounts/person/{buyer.pk}/change/").content.decode()
    assert "my script" in page
    assert token not in page
    assert buyer.password not in page
    assert buyer.api_tokens.get().digest not in page


POLICY = {
    "policy": "forbidden",
    "clause": "Credit must stay where it is.",
    "source": "https://acme.example/terms/2",
    "reason": "New terms.",
}


def change(client: Client, provider: Provider, **changes: str) -> tuple[int, str]:
    address = f"/console/providers/provider/{provider.pk}/policy/"
    answer = client.post(address, POLICY | changes, follow=True)
    return answer.status_code, answer.content.decode()


def test_an_administrator_changes_a_policy(office: Client, admin: Person) -> None:
    provider = a_provider()
    status, page = change(office, provider)
    assert status == 200
    assert "Proposed" in page
    proposal = Proposal.objects.get()
    lead = signed_in(a_person(role="lead", is_staff=True))
    agreed = {"digest": proposal.digest, "reason": "So it says."}
    lead.post(f"/console/accounts/proposal/{proposal.pk}/agreement/", agreed)
    provider.refresh_from_db()
    assert (provider.resale_policy, provider.policy_overridden) == ("forbidden", True)
    assert PolicyChange.objects.get().actor == admin
    changed = AuditEntry.objects.get(act="provider.policy_changed")
    assert (changed.subject, changed.reason) == ("provider:acme", "New terms.")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": ""}, "Give a reason."),
        ({"clause": " "}, "This field is required."),
        ({"policy": "maybe"}, "Select a valid choice."),
        ({"policy": "allowed", "source": ""}, "Give the address where the provider allows it."),
        ({"source": "javascript:alert(1)"}, "Enter a valid URL."),
    ],
)
def test_a_refused_policy_keeps_what_was_typed(
    office: Client, changes: dict[str, str], words: str
) -> None:
    provider = a_provider()
    status, page = change(office, provider, **changes)
    assert status == 400
    assert words in page
    if "clause" not in changes:
        assert "Credit must stay where it is." in page
    provider.refresh_from_db()
    assert provider.resale_policy == "allowed"
    assert not PolicyChange.objects.exists()
    assert not AuditEntry.objects.exists()
    assert not Proposal.objects.exists()


def test_a_moderator_does_not_change_a_policy(desk: Client) -> None:
    provider = a_provider()
    page = desk.get(f"/console/providers/provider/{provider.pk}/change/").content.decode()
    assert "Change the policy" not in page
    assert change(desk, provider)[0] == 403
    provider.refresh_from_db()
    assert provider.resale_policy == "allowed"
    assert not PolicyChange.objects.exists()


def test_who_changes_a_policy_sees_which_offers_are_live(office: Client) -> None:
    provider = a_provider()
    address = f"/console/providers/provider/{provider.pk}/change/"
    assert "Live offers: 0" in office.get(address).content.decode()
    queries = queries_of(office, address)
    live = [a_listing(provider=provider) for _ in range(22)]
    other = a_listing(provider=a_provider("other"))
    page = office.get(address).content.decode()
    assert "Live offers: 22" in page
    assert sum(f"/listing/{listing.pk}/change/" in page for listing in live) == 20
    assert f"/listing/{other.pk}/change/" not in page
    assert queries_of(office, address) == queries
