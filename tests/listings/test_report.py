"""Anybody may say that an offer is not in order, but not without end."""

import pytest
from django.test import Client

from accounts.models import Person
from listings.models import Report
from listings.reports import MOST_REPORTS
from tests.factories import a_listing

pytestmark = pytest.mark.django_db


def test_signed_out_and_signed_in(client: Client, buyer: Person) -> None:
    listing = a_listing()
    address = f"{listing.get_absolute_url()}report/"
    data = {"reason": "stolen", "text": "I know <i>whose</i> this is."}
    answer = client.post(address, data, follow=True)
    assert "Thank you. A moderator will look at this listing." in answer.content.decode()
    client.force_login(buyer)
    client.post(address, {"reason": "other"})
    assert list(Report.objects.order_by("id").values_list("reason", "reporter")) == [
        ("stolen", None),
        ("other", buyer.pk),
    ]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "reason"),
        ({"reason": "because"}, "reason"),
        ({"reason": "other", "text": "x" * 2001}, "text"),
        ({"reason": "other", "text": "a\x00b"}, "text"),
    ],
)
def test_what_is_wrong_is_named_and_kept(client: Client, data: dict[str, str], field: str) -> None:
    answer = client.post(f"{a_listing().get_absolute_url()}report/", data)
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {field}
    assert not Report.objects.exists()


def test_the_eleventh_within_an_hour_is_refused(client: Client) -> None:
    address = f"{a_listing().get_absolute_url()}report/"
    for _ in range(MOST_REPORTS):
        assert client.post(address, {"reason": "other"}).status_code == 302
    refused = client.post(address, {"reason": "other"})
    assert refused.status_code == 429
    assert "many reports within an hour" in refused.content.decode()
    assert Report.objects.count() == MOST_REPORTS


def test_what_nobody_may_see_cannot_be_reported(client: Client) -> None:
    draft = a_listing(status="draft")
    assert client.post(f"{draft.get_absolute_url()}report/", {"reason": "other"}).status_code == 404
