"""How often a page asks the database does not depend on how much there is to show."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from orders import transfer
from tests.orders.stages import an_order
from tests.sandbox_process import SandboxProcess
from tests.trade import an_offer


def queries(client: Client, path: str) -> int:
    client.get(path)  # warm: what is asked once per process does not count
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


@pytest.fixture
def client(buyer: Person) -> Client:
    found = Client()
    found.force_login(buyer)
    return found


def test_the_list(sandbox: SandboxProcess, client: Client, buyer: Person) -> None:
    listing = an_offer(face_value_cents=500_00)
    an_order(buyer=buyer, listing=listing)
    with_one = queries(client, "/orders/")
    for _ in range(4):
        an_order(buyer=buyer, listing=listing)
    assert queries(client, "/orders/") == with_one <= 7


def test_the_page_of_an_order(sandbox: SandboxProcess, client: Client, buyer: Person) -> None:
    order: Any = an_order(buyer=buyer, listing=an_offer(), stage="paid")
    with_two_events = queries(client, order.get_absolute_url())
    for n in range(5):
        transfer.name_recipient(order, actor=buyer, recipient=f"account-{n}")
    assert queries(client, order.get_absolute_url()) == with_two_events <= 6
    seen = queries(client, f"{order.get_absolute_url()}state/")
    assert seen <= 5
