"""Ways in: two at once, other spellings, what a password reset must end."""

import re

from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts import tokens
from accounts.models import ApiToken, Person
from tests.factories import PASSWORD, a_person
from tests.trade import at_once

SIGN_UP = {"password1": "Correct-horse-9", "password2": "Correct-horse-9"}


def test_two_sign_ups_of_one_mailbox_at_once_are_one_person() -> None:
    spellings = ["ann.a@gmail.com", "anna@gmail.com", "anna+x@gmail.com", "an.na@googlemail.com"]

    def sign_up(email: str) -> int:
        client = Client(raise_request_exception=True)
        return client.post("/accounts/signup/", {"email": email, **SIGN_UP}).status_code

    results = at_once([lambda email=email: sign_up(email) for email in spellings])
    assert Person.objects.filter(canonical_email="anna@gmail.com").count() == 1
    assert [r for r in results if isinstance(r, Exception)] == []


def test_changing_to_another_spelling_of_somebody_elses_address_is_no_server_error(
    client: Client,
) -> None:
    a_person("anna@gmail.com")
    other = a_person("other@example.com")
    client.force_login(other)
    client.post("/accounts/login/", {"login": other.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/email/", {"action_add": "", "email": "an.na@gmail.com"})
    address = EmailAddress.objects.filter(user=other, email="an.na@gmail.com").first()
    if address is None:
        return  # refused at once: good
    bodies = " ".join(m.body for m in mail.outbox)
    link = re.search(r"/accounts/confirm-email/[^\s/]+/", bodies)
    assert link, bodies
    answer = client.post(link.group(), follow=True)
    assert answer.status_code == 200
    other.refresh_from_db()
    assert Person.objects.filter(canonical_email="anna@gmail.com").count() == 1


def test_a_password_reset_ends_the_tokens_made_with_the_old_one(client: Client) -> None:
    person = a_person("victim@example.com")
    token = tokens.exchange(email=person.email, password=PASSWORD)
    client.post("/accounts/password/reset/", {"email": person.email})
    link = re.search(r"/accounts/password/reset/key/[^\s]+", mail.outbox[-1].body)
    assert link
    page = client.get(link.group(), follow=True)
    new = {"password1": "Another-horse-77", "password2": "Another-horse-77"}
    client.post(page.request["PATH_INFO"], new)
    person.refresh_from_db()
    assert person.check_password("Another-horse-77")
    answer = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert not ApiToken.objects.filter(person=person, revoked_at=None).exists()
