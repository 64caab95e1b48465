"""Callers for the cast, and an offer whose seller can be paid."""

import pytest

from accounts.models import Person
from listings.models import Listing
from orders.models import Order
from tests.api.calling import Caller
from tests.sandbox_process import SandboxProcess
from tests.trade import an_offer, paid, placed


@pytest.fixture
def anybody(db: None) -> Caller:
    return Caller()


@pytest.fixture
def offer(sandbox: SandboxProcess, books: None) -> Listing:
    """$100 of credit at 40 % off, from $10 in steps of $10."""
    return an_offer()


@pytest.fixture
def coded(sandbox: SandboxProcess, books: None) -> Listing:
    """Three codes of $50 each at 40 % off."""
    return an_offer(codes=["AAA-111", "BBB-222", "CCC-333"])


@pytest.fixture
def order(offer: Listing, buyer: Person) -> Order:
    """Half of the offer, not paid yet."""
    return placed(buyer, offer, 50_00)


@pytest.fixture
def paid_order(order: Order) -> Order:
    return paid(order)


@pytest.fixture
def coded_order(coded: Listing, buyer: Person) -> Order:
    """Two of the three codes, paid."""
    return paid(placed(buyer, coded, 100_00))
