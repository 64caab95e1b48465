"""The person's own pages: theirs alone, and nothing changes without a POST of our form."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, Notification, Person
from accounts.notifications import notify
from tests.sessions import shown

PAGES = (
    "/account/",
    "/account/inbox/",
    "/account/tokens/",
    "/account/payouts/",
    "/account/security/",
)


@pytest.fixture
def mine(buyer: Person) -> Client:
    client = Client()
    client.force_login(buyer)
    shown(client, buyer, "password")
    return client


def tell(person: Person, number: int = 1) -> Notification:
    with transaction.atomic():
        notify(
            person=person,
            kind="listing_approved",
            key=f"{person.pk}:{number}",
            url="/listings/",
            title=f"Offer {number}",
            reason="In order.",
        )
    return Notification.objects.latest("pk")


@pytest.mark.parametrize("path", PAGES)
def test_signed_out_there_is_nothing_to_see(path: str, db: None, client: Client) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("path", PAGES)
def test_a_newcomer_sees_what_each_page_is_for(path: str, mine: Client) -> None:
    answer = mine.get(path)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert mine.put(path).status_code == mine.delete(path).status_code == 405


def test_a_name_is_tidied_and_kept(mine: Client, buyer: Person) -> None:
    assert mine.post("/account/", {"name": "  Ada   Lovelace "}).status_code == 302
    buyer.refresh_from_db()
    assert buyer.name == "Ada Lovelace"
    page = mine.post("/account/", {"name": "x" * 81}).content.decode()
    assert "at most 80 characters" in page
    buyer.refresh_from_db()
    assert buyer.name == "Ada Lovelace"


def test_other_fields_of_a_person_are_not_for_posting(mine: Client, buyer: Person) -> None:
    mine.post("/account/", {"name": "Ada", "is_staff": "on", "email": "x@example.com"})
    buyer.refresh_from_db()
    assert (buyer.is_staff, buyer.email) == (False, "buyer@example.com")


def test_a_notice_is_read_by_opening_it(mine: Client, buyer: Person) -> None:
    notice = tell(buyer)
    assert "Unread: " in mine.get("/account/inbox/").content.decode()
    assert mine.get(f"/account/inbox/{notice.pk}/").status_code == 405
    assert mine.post(f"/account/inbox/{notice.pk}/").headers["Location"] == "/listings/"
    notice.refresh_from_db()
    at = notice.read_at
    assert at is not None
    mine.post(f"/account/inbox/{notice.pk}/")
    notice.refresh_from_db()
    assert notice.read_at == at
    assert "Unread: " not in mine.get("/account/inbox/").content.decode()


def test_all_are_read_at_once_and_only_mine(mine: Client, buyer: Person, buyer2: Person) -> None:
    for number in range(3):
        tell(buyer, number)
    tell(buyer2)
    assert mine.get("/account/inbox/reading/").status_code == 405
    mine.post("/account/inbox/reading/")
    unread = Notification.objects.filter(read_at=None)
    assert [notice.person for notice in unread] == [buyer2]


def test_notices_of_others_do_not_exist(mine: Client, buyer2: Person) -> None:
    notice = tell(buyer2)
    assert mine.post(f"/account/inbox/{notice.pk}/").status_code == 404
    assert "Offer 1" not in mine.get("/account/inbox/").content.decode()
    notice.refresh_from_db()
    assert notice.read_at is None


def test_a_long_inbox_has_pages_and_asks_no_more_for_them(mine: Client, buyer: Person) -> None:
    tell(buyer, 0)
    mine.get("/account/inbox/")
    with CaptureQueriesContext(connection) as for_one:
        mine.get("/account/inbox/")
    for number in range(1, 25):
        tell(buyer, number)
    with CaptureQueriesContext(connection) as for_many:
        page = mine.get("/account/inbox/").content.decode()
    assert len(for_many) == len(for_one) <= 6
    assert "Offer 24" in page
    assert "Offer 4”" not in page
    assert 'rel="next"' in page


def new_token(client: Client, **data: Any) -> Any:
    return client.post("/account/tokens/", {"name": "My script", "scopes": ["read"]} | data)


def test_a_token_is_shown_once_and_works(mine: Client, buyer: Person) -> None:
    page = new_token(mine, scopes=["read", "trade"])
    assert "no-store" in page.headers["Cache-Control"]
    shown = page.context["made"]
    assert shown in page.content.decode()
    token = ApiToken.objects.get()
    assert (token.person, token.name, token.scopes) == (buyer, "My script", ["read", "trade"])
    assert shown not in mine.get("/account/tokens/").content.decode()
    assert not any(shown in str(value) for value in ApiToken.objects.values_list().get())
    bearer = {"Authorization": f"Bearer {shown}"}
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 200
    mine.post(f"/account/tokens/{token.pk}/revocation/")
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    "data", [{"name": ""}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["read", "admin"]}]
)
def test_a_wrong_token_is_not_made(data: dict[str, Any], mine: Client) -> None:
    assert new_token(mine, **data).status_code == 400
    assert not ApiToken.objects.exists()


def test_tokens_of_others_do_not_exist(mine: Client, buyer2: Person) -> None:
    tokens.create(person=buyer2, name="Not yours")
    theirs = ApiToken.objects.get()
    assert mine.get(f"/account/tokens/{theirs.pk}/revocation/").status_code == 405
    assert mine.post(f"/account/tokens/{theirs.pk}/revocation/").status_code == 404
    assert "Not yours" not in mine.get("/account/tokens/").content.decode()
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_no_form_but_ours(buyer: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(buyer)
    notice = tell(buyer)
    paths = ["/account/", "/account/tokens/", f"/account/inbox/{notice.pk}/"]
    paths += ["/account/inbox/reading/", "/account/payouts/new/", "/account/payouts/onboarding/"]
    for path in paths:
        assert client.post(path, {"name": "x", "scopes": ["read"]}).status_code == 403, path
    buyer.refresh_from_db()
    notice.refresh_from_db()
    assert buyer.name == "Bea"
    assert notice.read_at is None
    assert not ApiToken.objects.exists()


def test_a_token_ends_when_its_owner_chose(mine: Client, buyer: Person) -> None:
    new_token(mine, days="7")
    token = ApiToken.objects.get(person=buyer)
    assert timedelta(days=6) < token.expires_at - timezone.now() <= timedelta(days=7)
    assert new_token(mine, days="4000").status_code == 400
    assert ApiToken.objects.count() == 1
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "My script" not in mine.get("/account/tokens/").content.decode()


def test_first_steps_are_ticked_off_and_can_be_put_away(mine: Client, buyer: Person) -> None:
    page = mine.get("/account/").content.decode()
    assert "First steps" in page
    assert page.count("Done</span>") == 1  # the name
    assert mine.get("/account/first-steps/").status_code == 405
    mine.post("/account/first-steps/")
    assert "First steps" not in mine.get("/account/").content.decode()
    buyer.refresh_from_db()
    assert buyer.first_steps_done_at is not None
