"""A program that trades by REST, and a card holder without a browser."""

import subprocess
from typing import Any

import requests

from tests.journeys.stack import Stack, wait_until

PASSWORD = "surplus-demo"
GOOD_CARD = "4242424242424242"
Json = Any  # what an answer holds


class Program:
    """Calls of one of the demo people, with a token of their own."""

    def __init__(self, stack: Stack, email: str) -> None:
        self.api = f"{stack.base_url}/api/v1/"
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy between us and 127.0.0.1
        token = self.post("tokens/", {"email": email, "password": PASSWORD})["token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.api + path, timeout=60, **more)

    def get(self, path: str, **query: Any) -> Json:
        return _json(self.call("GET", path, params=query))

    def post(self, path: str, body: Json = None, **headers: str) -> Json:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return _json(self.call("POST", path, json=body or {}, headers=named))

    def order(self, order: Json) -> Json:
        """An order as it is now."""
        return self.get(f"orders/{order['id']}/")

    def step(self, order: Json, name: str, body: Json = None) -> Json:
        """Take a step of a trade, such as "confirmation"."""
        return self.post(f"orders/{order['id']}/{name}/", body)

    def until(self, order: Json, status: str, *, seconds: float = 40) -> Json:
        """Ask until the order has this status."""

        def there() -> Json:
            now = self.order(order)
            return now if now["status"] == status else None

        return wait_until(there, seconds=seconds, what=f"order {order['id']} is {status}")

    def buy(self, listing: Json, face_value_cents: int) -> Json:
        """Place an order, with the credit to go to an account of the buyer's."""
        terms = {"face_value_cents": face_value_cents, "recipient": "bea@buyer.example"}
        return self.post("orders/", {"listing": listing["id"], **terms})

    def buy_and_pay(self, listing: Json, face_value_cents: int) -> Json:
        """Place an order and pay it; wait until it is paid."""
        order = self.buy(listing, face_value_cents)
        pay(order)
        return self.until(order, "paid")


def offer(stack: Stack, title: str) -> Json:
    """A live offer of the demo, found by words of its title."""
    answer = requests.get(f"{stack.base_url}/api/v1/listings/", params={"q": title}, timeout=30)
    found = [one for one in answer.json()["results"] if title in one["title"]]
    assert len(found) == 1, f"{title}: {answer.json()}"
    return found[0]


def pay(order: Json, number: str = GOOD_CARD) -> requests.Response:
    """Fill in the payment page's form; the buyer never comes back from it."""
    card = {"number": number, "exp": "12 / 34", "cvc": "123", "name": "Bea Novak"}
    return requests.post(order["payment_url"], data=card, allow_redirects=False, timeout=30)


def money(stack: Stack, order: Json) -> dict[str, int]:
    """What the sandbox counted for one order, without what is nothing."""
    groups = stack.sandbox.control("GET", "money/")["groups"]
    return {name: cents for name, cents in groups.get(order["id"], {}).items() if cents}


def settled(order: Json) -> dict[str, int]:
    """What the sandbox should have counted for a trade that went well."""
    return {
        "charged_cents": order["price_cents"],
        "transferred_cents": order["proceeds_cents"],
    }


def returned(order: Json) -> dict[str, int]:
    """What the sandbox should have counted for a payment that went back."""
    return {"charged_cents": order["price_cents"], "refunded_cents": order["price_cents"]}


def wait_for_money(stack: Stack, order: Json, expected: dict[str, int]) -> None:
    """Wait until the sandbox has moved exactly this money for the order."""
    wait_until(
        lambda: money(stack, order) == expected,
        what=f"{expected} moved for {order['id']}; it is {money(stack, order)}",
    )


def audit(stack: Stack) -> "subprocess.CompletedProcess[str]":
    """The ledger audit, which fails the test with what it finds."""
    return stack.manage("ledger_audit", "--json")


def _json(answer: requests.Response) -> Json:
    assert answer.ok, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    return answer.json()
