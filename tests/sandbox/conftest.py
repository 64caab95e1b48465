"""The sandbox as a real process, a receiver for its webhooks, and short ways to drive both."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_for_tests"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(check: Callable[[], Any], *, seconds: float = 8) -> Any:
    """The first truthy answer of `check`; fails when none comes in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.03)
    raise AssertionError("it did not happen in time")


@dataclass
class Receiver:
    """Takes webhooks as the application would, and remembers them."""

    port: int
    status: int = 200
    taken: list[tuple[bytes, str]] = field(default_factory=list)
    tried: int = 0

    @property
    def events(self) -> list[dict[str, Any]]:
        """The bodies taken, in order."""
        return [json.loads(body) for body, _ in list(self.taken)]

    def kinds(self) -> list[str]:
        """The types of the events taken, in order."""
        return [event["type"] for event in self.events]

    def wait_for(self, kind: str, times: int = 1) -> dict[str, Any]:
        """The last event of a type, once it came so many times."""
        wait_for(lambda: self.kinds().count(kind) >= times)
        return [event for event in self.events if event["type"] == kind][-1]


@dataclass
class Sandbox:
    """One running sandbox."""

    port: int
    data_dir: Path
    receiver: Receiver
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> stripe.StripeClient:
        """The official SDK, pointed at it, without retries of its own."""
        return self.client(0)

    def client(self, retries: int) -> stripe.StripeClient:
        """The official SDK with so many retries."""
        addresses = {"api": f"{self.url}/stripe"}
        return stripe.StripeClient(
            "sk_test_key", base_addresses=addresses, max_network_retries=retries
        )

    def start(self) -> None:
        """Starts the process and waits until it answers."""
        environment = {
            **os.environ,
            "DATA_DIR": str(self.data_dir),
            "SANDBOX_PORT": str(self.port),
            "BASE_URL": f"http://127.0.0.1:{self.receiver.port}",
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "DJANGO_SETTINGS_MODULE": "sandbox.settings",
            # Nothing happens by itself while a test looks: the tests move the clock.
            "SANDBOX_FEE_SECONDS": "30",
            "SANDBOX_AVAILABLE_SECONDS": "60",
            "SANDBOX_PAYOUT_SECONDS": "30",
            "SANDBOX_REFUND_SECONDS": "30",
            "SANDBOX_WEBHOOK_RETRY_SECONDS": "0.1",
        }
        command = [sys.executable, "-m", "sandbox"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment)
        wait_for(self.answers, seconds=20)

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def control(self, path: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        """A control call: GET without values, POST with them."""
        url = f"{self.url}/_control/{path}"
        if given is None:
            answer = requests.get(url, timeout=10)
        else:
            answer = requests.post(url, json=given, timeout=10)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def advance(self, seconds: float) -> None:
        """Moves its clock."""
        self.control("clock/", {"advance_seconds": seconds})

    def fault(self, kind: str, path: str, *, method: str = "POST", times: int = 1) -> None:
        """Asks for a failure."""
        given = {"kind": kind, "method": method, "path": path, "times": times}
        self.control("faults/", given)

    def session(self, amount: int = 4200, group: str = "order_1", **extra: Any) -> Any:
        """A Checkout Session for some cents."""
        price = {"currency": "usd", "unit_amount": amount, "product_data": {"name": "Credit"}}
        params = {
            "mode": "payment",
            "success_url": "http://127.0.0.1:9/paid?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:9/cancelled",
            "line_items": [{"quantity": 1, "price_data": price}],
            "payment_intent_data": {"transfer_group": group, "metadata": {"order": group}},
            **extra,
        }
        return self.api.v1.checkout.sessions.create(params)

    def fill(self, url: str, number: str = "4242424242424242", **typed: str) -> requests.Response:
        """Types a card into the hosted page."""
        form = {"number": number, "exp": "12 / 34", "cvc": "123", "name": "Ann Buyer", **typed}
        return requests.post(url, data=form, allow_redirects=False, timeout=10)

    def paid(
        self, amount: int = 4200, group: str = "order_1", number: str = "4242424242424242"
    ) -> Any:
        """The charge of a session paid with a card."""
        session = self.session(amount, group)
        assert self.fill(session.url, number).status_code == 303
        return self.api.v1.charges.list({"transfer_group": group}).data[0]

    def account(self, **extra: Any) -> Any:
        """A new v2 recipient account, not yet onboarded."""
        wanted = {"stripe_balance": {"stripe_transfers": {"requested": True}}}
        params = {
            "contact_email": "seller@example.com",
            "display_name": "Sal Seller",
            "dashboard": "express",
            "identity": {"country": "us"},
            "defaults": {
                "responsibilities": {
                    "fees_collector": "application",
                    "losses_collector": "application",
                }
            },
            "configuration": {"recipient": {"capabilities": wanted}},
            "include": ["configuration.recipient", "requirements"],
            **extra,
        }
        return self.api.v2.core.accounts.create(params)

    def link(self, account: str) -> str:
        """The address of a fresh onboarding page."""
        use = {"refresh_url": "http://127.0.0.1:9/again", "return_url": "http://127.0.0.1:9/back"}
        case = {"type": "account_onboarding", "account_onboarding": use}
        params = {"account": account, "use_case": case}
        return str(self.api.v2.core.account_links.create(params).url)

    def seller(self, number: str = "000123456789") -> str:
        """The id of an onboarded account."""
        key = str(self.account().id)
        form = {"country": "us", "name": "Sal Seller", "account_number": number}
        answer = requests.post(self.link(key), data=form, allow_redirects=False, timeout=10)
        assert answer.headers["Location"] == "http://127.0.0.1:9/back"
        return key

    def transfer(self, charge: Any, seller: str, amount: int, **options: Any) -> Any:
        """A transfer out of a charge."""
        params = {
            "amount": amount,
            "currency": "usd",
            "destination": seller,
            "source_transaction": charge.id,
        }
        return self.api.v1.transfers.create(params, options or None)


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """A web server that takes webhooks."""
    found = Receiver(free_port())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.tried += 1
            assert self.path == "/payments/webhooks/stripe/"
            if found.status == 200:
                found.taken.append((body, self.headers["Stripe-Signature"]))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", found.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Sandbox]:
    """The process, started once."""
    found = Sandbox(free_port(), tmp_path_factory.mktemp("sandbox"), receiver)
    found.start()
    yield found
    assert found.process is not None
    found.process.terminate()
    found.process.wait(10)


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """The process, emptied for this test."""
    running.control("reset/", {})
    running.receiver.status = 200
    running.receiver.taken.clear()
    running.receiver.tried = 0
    return running
