"""Nothing leaves the process inside a transaction: it might be rolled back afterwards."""

import pytest

from tests.architecture.source import APPS, Module, modules
from tests.architecture.transactions import violations

INSIDE = (
    "from django.db import transaction\ndef f(order, mail):\n  with transaction.atomic():\n    {}\n"
)


@pytest.mark.parametrize(
    "line",
    [
        "settle.delay(order.pk)",
        "settle.apply_async((order.pk,))",
        "requests.post('https://example.com')",
        "urllib.request.urlopen('https://example.com')",
        "mail.send()",
        "processor().refund(order)",
        "if order: stripe.Refund.create()",
    ],
)
def test_a_call_that_leaves_is_found(line: str) -> None:
    """Case 58: no task is sent before the commit."""
    assert len(violations([Module.parse("orders.x", INSIDE.format(line))])) == 1


@pytest.mark.parametrize(
    "line",
    [
        "transaction.on_commit(lambda: settle.delay(order.pk))",
        "urllib.parse.quote('x')",
        "order.save()",
        "raise stripe.StripeError()",
    ],
)
def test_a_harmless_call_is_not(line: str) -> None:
    assert violations([Module.parse("orders.x", INSIDE.format(line))]) == []


def test_a_call_through_another_module_is_found() -> None:
    far = Module.parse("payments.far", "def ask():\n  requests.get('https://example.com')\n")
    near = Module.parse("payments.near", "from payments import far\ndef look():\n  far.ask()\n")
    text = "from payments.near import look\n@transaction.atomic\ndef f():\n  look()\n"
    assert violations([far, near, Module.parse("orders.x", text)]) == [
        "orders.x:4 calls look inside a transaction"
    ]


def test_after_the_block_all_is_allowed() -> None:
    text = "def f():\n  with transaction.atomic():\n    order.save()\n  settle.delay(order.pk)\n"
    assert violations([Module.parse("orders.x", text)]) == []


def test_nothing_of_ours_leaves_inside_a_transaction() -> None:
    ours = [module for module in modules() if module.name.split(".")[0] in APPS]
    assert violations(ours) == []
