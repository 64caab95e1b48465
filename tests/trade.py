"""Driving trades in tests: real functions here, real HTTP to the sandbox there."""

import os
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import requests
from django.db import connections, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Person
from listings.models import Listing
from marketplace import sweeps
from orders import checkout, follow
from orders.models import Order
from payments import collection, escrow, instructions, onboarding
from payments.models import Escrow, PayoutAccount
from tests.factories import a_listing, a_person
from tests.sandbox_process import SandboxProcess

T = TypeVar("T")
CARD = "4242424242424242"


def onboard(person: Person) -> PayoutAccount:
    """A real account at the sandbox, made ready on its hosted page."""
    page = onboarding.begin(
        person=person, return_url="http://127.0.0.1:9/", refresh_url="http://127.0.0.1:9/"
    )
    answer = requests.post(
        page,
        data={"country": "us", "name": person.public_name, "account_number": "000123456789"},
        allow_redirects=False,
        timeout=20,
    )
    assert answer.status_code == 303, answer.text
    account = onboarding.refresh(person)
    assert account is not None
    assert account.ready
    return account


def a_payable_seller() -> Person:
    """Somebody whom the sandbox can pay, without the way there."""
    seller = a_person(name="Sol")
    outside = SandboxProcess(os.environ["SANDBOX_URL"], Path(os.devnull))
    PayoutAccount.objects.create(
        person=seller,
        remote_id=outside.ready_account(),
        ready=True,
        was_ready=True,
        country="US",
        checked_at=Now(),
    )
    return seller


def an_offer(**terms: Any) -> Listing:
    """A live offer of somebody whom the sandbox can pay."""
    seller = a_payable_seller()
    amounts = {"face_value_cents": 100_00} if "codes" not in terms else {}
    return a_listing(seller=seller, **(amounts | terms))


def an_escrow(buyer: Person, price_cents: int = 30_00) -> Escrow:
    """Money alone, held for no order, and a seller whom the sandbox can pay."""
    seller = a_payable_seller()
    with transaction.atomic():
        opened = escrow.open_escrow(
            reference=uuid4(),
            buyer=buyer,
            seller=seller,
            currency="USD",
            price_cents=price_cents,
            commission_cents=price_cents // 10,
        )
        page = "http://127.0.0.1:9/"
        expires = timezone.now() + timedelta(hours=1)
        escrow.open_checkout(
            opened, title="Credit", success_url=page, cancel_url=page, expires_at=expires
        )
    for instruction in opened.instructions.all():
        instructions.carry_out(instruction.pk)
    fill_in(opened)
    return collection.collect(opened.pk)


def pay(order: Order, card: str = CARD) -> requests.Response:
    """Fill in the payment page of an order, as its buyer does."""
    return fill_in(order.escrow, card)


def fill_in(awaiting: Escrow, card: str = CARD) -> requests.Response:
    """Fill in the sandbox's payment page."""
    awaiting.refresh_from_db()
    return requests.post(
        awaiting.checkout_url,
        data={"number": card, "exp": "12/34", "cvc": "123", "name": "A Buyer"},
        allow_redirects=False,
        timeout=20,
    )


def paid(order: Order, card: str = CARD) -> Order:
    """The order, paid and noticed."""
    answer = pay(order, card)
    assert answer.status_code == 303, answer.text
    collection.collect(order.escrow_id)
    return follow.follow(order)


def placed(buyer: Person, listing: Any, face_value_cents: int) -> Order:
    """A new order with its payment page open."""
    return checkout.place(buyer=buyer, listing=listing, face_value_cents=face_value_cents)


def settle(rounds: int = 3) -> None:
    """What the worker does, until nothing is due."""
    for _ in range(rounds):
        sweeps.poll()
        sweeps.sweep()
        sweeps.measure()


def at_once(acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run all of them at the same moment, each in a thread with its own connection."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], T]) -> None:
        try:
            barrier.wait()
            results[number] = act()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
