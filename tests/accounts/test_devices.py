"""Sessions and devices: listed, named, ended; and told to their owner when they are new."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import devices, notifications, suspension, tokens
from accounts.models import Device, Likeness, Notification, Person
from tests.factories import PASSWORD, a_person, code_now

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Safari/604.1"


def sign_in(person: Person, agent: str = FIREFOX, client: Client | None = None) -> Client:
    client = client or Client()
    given = {"login": person.email, "password": PASSWORD}
    answer = client.post("/accounts/login/", given, headers={"user-agent": agent})
    assert answer.status_code == 302
    return client


def sign_out(client: Client) -> None:
    """By the form, which leaves the browser's other cookies."""
    assert client.post("/accounts/logout/").status_code == 302


def is_in(client: Client) -> bool:
    return client.get("/account/security/").status_code == 200


def test_they_are_listed_with_this_one_first(buyer: Person) -> None:
    sign_in(buyer, PHONE)
    here = sign_in(buyer)
    shown = here.get("/account/security/").context["sessions"]
    assert [(row.words, row.current) for row in shown] == [
        ("Firefox on Linux", True),
        ("Safari on iPhone", False),
    ]


def test_a_longer_list_asks_no_more(buyer: Person) -> None:
    here = sign_in(buyer)
    here.get("/account/security/")
    with CaptureQueriesContext(connection) as for_one:
        here.get("/account/security/")
    for _ in range(3):
        sign_in(buyer, PHONE)
    with CaptureQueriesContext(connection) as for_many:
        page = here.get("/account/security/")
    assert len(page.context["sessions"]) == 4
    assert len(for_many) == len(for_one)


def test_one_is_ended_at_once_and_others_stay(buyer: Person, buyer2: Person) -> None:
    here, phone, stranger = sign_in(buyer), sign_in(buyer, PHONE), sign_in(buyer2)
    row = next(r for r in here.get("/account/security/").context["sessions"] if not r.current)
    address = f"/account/security/sessions/{row.pk}/"
    assert stranger.post(address).status_code == 404
    assert here.get(address).status_code == 405
    assert is_in(phone)
    here.post(address)
    assert (is_in(here), is_in(phone)) == (True, False)


def test_all_but_this_one_are_ended(buyer: Person) -> None:
    here, phone, unlisted = sign_in(buyer), sign_in(buyer, PHONE), Client()
    unlisted.force_login(buyer)
    here.post("/account/security/sessions/others/")
    assert (is_in(here), is_in(phone), is_in(unlisted)) == (True, False, False)
    assert len(here.get("/account/security/").context["sessions"]) == 1


def test_a_new_device_is_told_once_and_the_first_is_not(buyer: Person) -> None:
    here = sign_in(buyer)
    assert not Notification.objects.exists()
    sign_in(buyer, FIREFOX, here)
    assert not Notification.objects.exists()
    phone = sign_in(buyer, PHONE)
    notice = Notification.objects.get()
    assert notice.person == buyer
    subject, paragraphs = notifications.render(notice)
    assert "new sign-in" in subject
    assert "Safari on iPhone" in paragraphs[0]
    here.post("/accounts/logout/")
    phone.post("/accounts/logout/")
    sign_in(buyer, PHONE, phone)
    assert Notification.objects.count() == 1


def test_a_device_gets_a_name_from_its_owner_only(buyer: Person, buyer2: Person) -> None:
    here, stranger = sign_in(buyer), sign_in(buyer2)
    device = Device.objects.get(person=buyer)
    address = f"/account/security/devices/{device.pk}/"
    assert stranger.post(address, {"name": "Mine"}).status_code == 404
    assert here.post(address, {"name": "x" * 61}).status_code == 400
    here.post(address, {"name": "Laptop at work"})
    assert "Laptop at work" in here.get("/account/security/").content.decode()


def test_the_cookie_is_not_what_is_stored(buyer: Person) -> None:
    here = sign_in(buyer)
    cookie = here.cookies["device"]
    assert cookie["httponly"]
    assert cookie.value not in str(Device.objects.values_list().get())


def test_a_suspension_bites_at_once_and_lifting_it_revives_nothing(
    buyer: Person, moderator: Person
) -> None:
    here = sign_in(buyer)
    bearer = {"Authorization": f"Bearer {tokens.create(person=buyer, name='x')}"}
    assert is_in(here)
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 200
    suspension.suspend(buyer, actor=moderator, reason="Fraud")
    assert not is_in(here)
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401
    suspension.reinstate(buyer, actor=moderator, reason="A mistake")
    assert not is_in(here)
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401
    assert is_in(sign_in(buyer))


def test_a_new_password_ends_the_other_sessions(buyer: Person) -> None:
    here, phone = sign_in(buyer), sign_in(buyer, PHONE)
    chosen = "Leaves-in-autumn-9"
    new = {"oldpassword": PASSWORD, "password1": chosen, "password2": chosen}
    here.post("/accounts/password/change/", new)
    assert (is_in(here), is_in(phone)) == (True, False)
    assert len(here.get("/account/security/").context["sessions"]) == 1


def test_one_browser_for_two_people_raises_a_case(buyer: Person, seller: Person) -> None:
    shared = sign_in(buyer)
    sign_out(shared)
    assert not Likeness.objects.exists()
    sign_in(seller, client=shared)
    case = Likeness.objects.get()
    assert {case.first_id, case.second_id} == {buyer.pk, seller.pk}
    assert (case.evidence, case.decision) == (["device"], "")
    # The same again is nothing new.
    sign_out(shared)
    sign_in(buyer, client=shared)
    assert Likeness.objects.count() == 1


def test_a_browser_that_many_share_says_nothing(buyer: Person) -> None:
    shared = sign_in(buyer)
    for _ in range(devices.SHARED_BY):
        sign_out(shared)
        sign_in(a_person(), client=shared)
    before = Likeness.objects.count()
    assert before
    sign_out(shared)
    sign_in(a_person(), client=shared)
    assert Likeness.objects.count() == before


def test_moderators_are_nobodys_likeness(buyer: Person, moderator: Person) -> None:
    shared = sign_in(buyer)
    sign_out(shared)
    shared.post("/accounts/login/", {"login": moderator.email, "password": PASSWORD})
    shared.post("/accounts/2fa/authenticate/", {"code": code_now()})
    assert is_in(shared)
    assert not Likeness.objects.exists()
