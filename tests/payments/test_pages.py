"""The payouts page: what is missing in plain words, and the way to the bank."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import Person
from payments.models import Instruction, Payout, PayoutAccount
from payments.templatetags.onboarding import plainly
from tests.factories import a_person
from tests.orders.stages import an_order
from tests.sandbox_process import SandboxProcess
from tests.sessions import shown
from tests.trade import an_offer, onboard, settle

PAYOUTS = "/account/payouts/"


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    shown(client, person, "password")
    return client


def test_setting_up_leads_to_the_processor_and_back(
    transactional_db: None, sandbox: SandboxProcess
) -> None:
    person = a_person()
    client = signed_in(person)
    assert "Set up payouts" in client.get(PAYOUTS).content.decode()
    link = client.post(f"{PAYOUTS}onboarding/").headers["Location"]
    assert link.startswith(f"{sandbox.url}/stripe/onboarding/")
    # Back without having finished: said what is missing, and no more.
    page = client.get(f"{PAYOUTS}onboarded/", follow=True).content.decode()
    assert "A bank account for your payouts" in page
    assert "external_account" not in page
    assert "Continue" in page
    onboard(person)
    page = client.get(f"{PAYOUTS}onboarded/", follow=True).content.decode()
    assert "Payouts are set up" in page
    assert PayoutAccount.objects.get(person=person).ready


def test_a_used_link_comes_back_and_opens_nothing(db: None) -> None:
    person = a_person()
    answer = signed_in(person).get(f"{PAYOUTS}onboarding/")
    assert answer.headers["Location"] == PAYOUTS
    assert not PayoutAccount.objects.exists()
    assert not Instruction.objects.exists()


def test_a_sale_is_paid_out(books: None, sandbox: SandboxProcess, buyer: Person) -> None:
    order = an_order(buyer=buyer, listing=an_offer(), stage="paid")
    client = signed_in(order.seller)
    assert "$27.60" in client.get(PAYOUTS).content.decode()  # pending
    an_order(buyer=buyer, listing=order.listing, stage="confirmed")
    settle()
    client.post(f"{PAYOUTS}new/")
    payout = Payout.objects.get()
    assert (payout.person, payout.amount_cents) == (order.seller, 27_60)
    page = client.get(PAYOUTS).content.decode()
    assert "On its way" in page
    assert Payout.objects.count() == 1
    answer = client.post(f"{PAYOUTS}new/", headers={"Referer": f"http://testserver{PAYOUTS}"})
    assert "on its way already" in str(*get_messages(answer.wsgi_request)) or (
        "nothing to pay out" in str(*get_messages(answer.wsgi_request))
    )
    assert Payout.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_a_payout_is_asked_for_by_post(method: str, seller: Person) -> None:
    assert getattr(signed_in(seller), method)(f"{PAYOUTS}new/").status_code == 405
    assert not Payout.objects.exists()


def test_nothing_to_pay_out_is_said(seller: Person) -> None:
    answer = signed_in(seller).post(f"{PAYOUTS}new/")
    assert answer.status_code == 409
    assert "nothing to pay out yet" in answer.content.decode()
    assert not Payout.objects.exists()


def test_requirements_in_plain_words() -> None:
    fields = ["individual.dob.day", "individual.dob.year", "external_account", "new.odd_thing", ""]
    assert plainly(fields) == [
        "Your date of birth",
        "A bank account for your payouts",
        "Odd thing",
    ]
