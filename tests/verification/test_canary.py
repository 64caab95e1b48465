"""A key that is lent is looked for everywhere it must not be (abuse cases 47 and 48)."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from accounts.models import Person
from marketplace import sweeps
from marketplace.celery import app
from orders.models import Order
from orders.verification import lending, taking, watching
from orders.verification.models import Verification, Watch
from tests.factories import PASSWORD, a_moderator
from tests.sandbox_process import SandboxProcess
from tests.verification.measured import Measured

CANARY = "canary-4f1d0c9e7b-that-sings-to-nobody"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that anything logs, at the lowest level."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(before)


def database_text() -> str:
    """Every row of every table, as text and as bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def broker_text() -> str:
    """Everything in the broker and the cache of this test process."""
    text = []
    for url in (settings.CELERY_BROKER_URL.replace("redis+socket", "unix"), settings.CACHE_URL):
        url = url.replace("virtual_host=", "db=")
        client = redis.Redis.from_url(url)
        for key in client.scan_iter():
            text += [repr(key), repr(client.dump(key))]
    return "\n".join(text)


def pages(order: Order, *people: Person) -> str:
    """Every page and answer on which the order is shown."""
    text = []
    for person in people:
        browser = Client()
        assert browser.login(email=person.email, password=PASSWORD)
        for path in (
            f"/orders/{order.pk}/",
            f"/orders/{order.pk}/report/",
            f"/orders/{order.pk}/state/",
            f"/api/v1/orders/{order.pk}/",
            f"/api/v1/orders/{order.pk}/report/",
            "/account/inbox/",
            f"/console/orders/order/{order.pk}/",
            f"/console/orders/order/{order.pk}/change/",
        ):
            text.append(browser.get(path).content.decode())
    return "\n".join(text)


def test_the_canary_is_found_nowhere(sandbox: SandboxProcess, logged: io.StringIO) -> None:
    one = Measured(sandbox, key=CANARY)
    one.holds(remaining=5)
    browser = Client()
    assert browser.login(email=one.buyer.email, password=PASSWORD)
    answer = browser.post(
        f"/api/v1/orders/{one.order.pk}/readings/",
        json.dumps({"key": CANARY}),
        content_type="application/json",
    )
    assert answer.status_code == 202, answer.content
    assert answer.json()["transfer"]["verification"]["state"] == "waiting"
    refused = browser.post(f"/orders/{one.order.pk}/readings/", {"key": f"{CANARY} {CANARY}"})
    assert refused.status_code in (400, 409)
    app.send_task("marketplace.tasks.measure")
    for fault in ("status_500", "garbage"):
        one.fault(fault)
        one.tick()
    sweeps.measure()
    one.tick(2)
    row = Verification.objects.get(order=one.order)
    assert row.ciphertext is not None
    sinks = {
        "answers": answer.content.decode() + refused.content.decode(),
        "database": database_text(),
        "broker": broker_text(),
        "logs": logged.getvalue(),
        "pages": pages(one.order, one.buyer, one.order.seller, a_moderator()),
        "repr": repr(row) + str(row) + repr(vars(row)),
    }
    assert [name for name, text in sinks.items() if CANARY in text] == []
    # The search would find it: the ciphertext is there, and the words around it are.
    assert bytes(row.ciphertext).hex() in sinks["database"]
    assert str(one.order.pk) in sinks["pages"]
    one.send()
    one.holds(remaining=55)
    one.tick(2)
    assert bytes(row.ciphertext).hex() not in database_text()


def test_a_key_that_is_kept_for_a_watch_is_found_nowhere_either(
    sandbox: SandboxProcess, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the balance is read on, through a crash and a failure, and once the watch is over."""
    one = Measured(sandbox, "openrouter", key=CANARY)
    one.holds(granted=20)
    browser = Client()
    assert browser.login(email=one.buyer.email, password=PASSWORD)
    path, given = f"orders/{one.order.pk}/", {"key": CANARY, "watch": True}
    lent = browser.post(f"/api/v1/{path}readings/", given, "application/json")
    assert lent.status_code == 202, lent.content
    one.tick(2).holds(granted=70)
    one.send().tick(2)
    app.send_task("marketplace.tasks.measure")
    one.fault("status_500")
    for _ in range(2):
        Watch.objects.update(next_at=Now())
        sweeps.measure()
    kept = Watch.objects.get(order=one.order)
    assert kept.ciphertext is not None
    # Handed on to the watch, and from the measuring gone.
    assert one.measuring.ciphertext is None

    def sinks() -> dict[str, str]:
        return {
            "database": database_text(),
            "broker": broker_text(),
            "logs": logged.getvalue(),
            "pages": pages(one.order, one.buyer, one.order.seller, a_moderator()),
            "repr": repr(kept) + str(kept) + repr(vars(kept)),
            "answers": lent.content.decode(),
        }

    found = sinks()
    assert [name for name, text in found.items() if CANARY in text] == []
    assert bytes(kept.ciphertext).hex() in found["database"]
    assert "End the watch" in found["pages"]

    def burst(*given: object) -> None:
        raise RuntimeError(f"something with {given!r}")

    with monkeypatch.context() as broken:
        broken.setattr(taking, "read", burst)
        Watch.objects.update(next_at=Now())
        assert watching.take_due() == 0
    assert "the reading of watch" in logged.getvalue()
    assert browser.post(f"/{path}watch/").status_code == 302
    ended = sinks()
    assert [name for name, text in ended.items() if CANARY in text] == []
    assert bytes(kept.ciphertext).hex() not in ended["database"]


def test_a_crash_with_the_key_in_hand_says_nothing_of_it(
    sandbox: SandboxProcess, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Measured(sandbox, key=CANARY)
    one.lend()

    def burst(*given: object) -> None:
        raise RuntimeError(f"something with {given!r}")

    monkeypatch.setattr(taking, "read", burst)
    assert taking.take_due() == 0
    assert "the reading of measuring" in logged.getvalue()
    assert CANARY not in logged.getvalue()


def test_a_crash_in_the_view_says_nothing_of_it_either(
    sandbox: SandboxProcess, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Measured(sandbox, key=CANARY)

    def burst(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(lending, "key_parts", burst)
    browser = Client(raise_request_exception=False)
    assert browser.login(email=one.buyer.email, password=PASSWORD)
    path = f"{one.order.pk}/readings/"
    by_form = browser.post(f"/orders/{path}", {"key": CANARY})
    by_rest = browser.post(
        f"/api/v1/orders/{path}", json.dumps({"key": CANARY}), content_type="application/json"
    )
    assert (by_form.status_code, by_rest.status_code) == (500, 500)
    for text in (by_form.content.decode(), by_rest.content.decode(), logged.getvalue()):
        assert CANARY not in text
