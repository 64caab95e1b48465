"""Which mails a person gets: their choice, and the link in a mail that needs no sign-in."""

import re
import time
from email import message_from_bytes

import pytest
from django.conf import LazySettings
from django.core import mail, signing
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import mail_choices, notifications
from accounts.models import MailMute, Notification, Person
from accounts.notifications import notify

PATH = "/account/mail/"
SAID = {"title": "GPU hours", "reason": "In order.", "amount_cents": 5_00, "currency": "USD"}


def tell(person: Person, kind: str = "listing_approved") -> None:
    with transaction.atomic():
        key = f"{kind}:{Notification.objects.count()}"
        notify(person=person, kind=kind, key=key, url="/listings/", **SAID)


def mailed(person: Person, kind: str = "listing_approved") -> mail.EmailMessage:
    tell(person, kind)
    assert notifications.send_due() == 1
    return mail.outbox[-1]


def link_in(one: mail.EmailMessage) -> str:
    found = re.fullmatch(r"<(https?://[^>]+)>", str(one.extra_headers["List-Unsubscribe"]))
    assert found
    assert found[1] in one.body
    return found[1]


@pytest.fixture
def path(buyer: Person, settings: LazySettings) -> str:
    return link_in(mailed(buyer)).removeprefix(settings.SITE_ORIGIN)


def test_one_click_stops_a_group_without_signing_in(path: str, buyer: Person) -> None:
    """As a mail program does it (RFC 8058): one POST, no cookies, no form token, no redirect."""
    robot = Client(enforce_csrf_checks=True)
    answer = robot.post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert robot.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert list(MailMute.objects.values_list("person_id", "group")) == [(buyer.pk, "listings")]
    before = len(mail.outbox)
    tell(buyer)
    assert notifications.send_due() == 0
    tell(buyer, "payout_paid")
    assert notifications.send_due() == 1
    assert len(mail.outbox) == before + 1
    # The inbox tells it all the same, and nothing is tried again for ever.
    assert Notification.objects.filter(person=buyer).count() == 3
    assert not Notification.objects.filter(mail_due_at__isnull=False).exists()


def test_looking_at_the_link_changes_nothing(path: str, client: Client) -> None:
    for method in ("get", "head"):
        answer = getattr(client, method)(path)
        assert answer.status_code == 200
    assert "Stop mails about your listings" in client.get(path).content.decode()
    assert not MailMute.objects.exists()


def test_the_mail_carries_both_headers_as_they_were_written(buyer: Person) -> None:
    one = mailed(buyer)
    raw = message_from_bytes(one.message().as_bytes())
    assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert raw["List-Unsubscribe"].split() == [f"<{link_in(one)}>"]
    assert buyer.email not in link_in(one)


@pytest.mark.parametrize("kind", ["account_something", "security_device", "new_and_in_no_group"])
def test_what_is_about_the_account_cannot_be_turned_off(kind: str) -> None:
    assert mail_choices.group_of(kind) is None


def test_a_mail_of_no_group_has_no_way_out(buyer: Person) -> None:
    with transaction.atomic():
        mail_choices.choose(buyer, wanted=[])
    notice = Notification(person=buyer, kind="security_device", context={"url": "/"})
    assert notifications._way_out(notice) == ({}, {})


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("case", ["altered", "other salt", "garbage", "unknown group", "old"])
def test_forged_and_old_links_do_nothing(
    case: str,
    method: str,
    path: str,
    client: Client,
    buyer: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = path.rstrip("/").rpartition("/")[2]
    forged = {
        "altered": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "other salt": signing.dumps([buyer.pk, "listings"], salt="another"),
        "garbage": "%00%FF:a:b",
        "unknown group": signing.dumps([buyer.pk, "security"], salt=mail_choices.SALT),
        "old": token,
    }[case]
    if case == "old":
        later = time.time() + mail_choices.LINKS_LIVE_SECONDS + 60
        monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    answer = getattr(client, method)(f"/account/mail/stop/{forged}/")
    assert answer.status_code == 404
    assert "Nothing was changed" in answer.content.decode()
    assert not MailMute.objects.exists()


def test_a_link_of_somebody_who_is_gone_is_answered(client: Client, db: None) -> None:
    token = mail_choices.link_token(10**9, mail_choices.GROUPS[0])
    assert client.post(f"/account/mail/stop/{token}/").status_code == 200


def test_choosing_on_the_settings_page(buyer: Person, buyer2: Person) -> None:
    mine = Client()
    mine.force_login(buyer)
    page = mine.get(PATH).content.decode()
    assert page.count(" checked") == len(mail_choices.GROUPS)
    assert mine.post(PATH, {"wanted": ["payouts"]}).status_code == 302
    assert mail_choices.unmuted_groups(buyer) == ["payouts"]
    assert len(mail_choices.unmuted_groups(buyer2)) == len(mail_choices.GROUPS)
    assert mine.post(PATH, {"wanted": ["security"]}).status_code == 400
    assert mail_choices.unmuted_groups(buyer) == ["payouts"]
    mine.post(PATH, {"wanted": list(mail_choices.BY_NAME)})
    assert not MailMute.objects.exists()


def test_mails_of_many_cost_no_more_questions(buyer: Person, buyer2: Person) -> None:
    def asked(notices: int) -> int:
        for _ in range(notices):
            tell(buyer)
            tell(buyer2)
        with CaptureQueriesContext(connection) as queries:
            notifications.send_due()
        return len([q for q in queries if "mailmute" in q["sql"]])

    assert asked(1) == asked(4) == 1
