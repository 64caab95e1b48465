"""What every Stripe call has in common: keys, refusals, lists, expansion, idempotency, faults."""

import contextlib
import json
import threading
import time
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.conftest import Sandbox
from tests.sandbox.test_sellers import refused

TO_A = "currency=usd&destination=a"


def raw(sandbox: Sandbox, path: str, body: str = "", **headers: str) -> requests.Response:
    """A POST that the SDK would not let us send."""
    sent = {"Authorization": "Bearer sk_test_key", **headers}
    sent["Content-Type"] = "application/x-www-form-urlencoded"
    return requests.post(f"{sandbox.url}/stripe{path}", data=body, headers=sent, timeout=10)


def test_only_test_keys_are_let_in(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/stripe/v1/balance"
    for header in ("", "Bearer sk_live_1", "Basic sk_test_1"):
        answer = requests.get(url, headers={"Authorization": header}, timeout=5)
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "invalid_request_error"
    answer = requests.get(url, headers={"Authorization": "Bearer sk_test_1"}, timeout=5)
    assert answer.ok
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"


@pytest.mark.parametrize(
    ("path", "body", "code", "param"),
    [
        ("/v1/transfers", "currency=usd&destination=a&nope=1", "parameter_unknown", "nope"),
        ("/v1/transfers", "currency=usd", "parameter_missing", "destination"),
        ("/v1/transfers", f"{TO_A}&amount=7.5", "parameter_invalid_integer", "amount"),
        ("/v1/transfers", f"{TO_A}&amount=-5", "parameter_invalid_integer", "amount"),
        ("/v1/transfers", "currency=usd&destination=a&source_type=gold", None, "source_type"),
        ("/v1/refunds", "charge=ch_1&metadata[a]=" + "x" * 501, None, "metadata[a]"),
        ("/v1/refunds", "charge=ch_none", "resource_missing", "charge"),
        ("/v1/payment_intents", "amount=1&currency=usd&payment_method_types[]=card",
         "payment_method_types_no_longer_supported", "payment_method_types"),
        ("/v1/checkout/sessions", "mode=payment&ui_mode=hosted", None, "ui_mode"),
        ("/v1/checkout/sessions", "line_items[0][x]=1", "parameter_unknown", "line_items[0][x]"),
        ("/v1/checkout/sessions", "mode=payment", "parameter_missing", "success_url"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(
    sandbox: Sandbox, path: str, body: str, code: str | None, param: str
) -> None:
    answer = raw(sandbox, path, body)
    error = answer.json()["error"]
    assert answer.status_code in (400, 404)
    assert (error.get("code"), error.get("param")) == (code, param)
    assert error["type"] == "invalid_request_error"
    assert sandbox.control("money/")["groups"] == {}


def test_unknown_addresses_and_objects(sandbox: Sandbox) -> None:
    assert raw(sandbox, "/v1/nothing").status_code == 404
    error = refused(sandbox.api.v1.charges.retrieve, "ch_none")
    assert (error.http_status, error.code) == (404, "resource_missing")
    error = refused(sandbox.api.v1.balance.retrieve, options={"stripe_account": "acct_none"})
    assert error.http_status == 403
    wrong = {"dashboard": "express", "type": "express"}
    assert refused(sandbox.api.raw_request, "post", "/v2/core/accounts", **wrong)


def test_lists_come_in_pages(sandbox: Sandbox) -> None:
    made = [sandbox.session(group=f"g{n}").id for n in range(5)]
    sessions = sandbox.api.v1.checkout.sessions
    first = sessions.list({"limit": 2})
    assert [item.id for item in first.data] == [made[4], made[3]]
    assert first.has_more
    rest = sessions.list({"limit": 3, "starting_after": made[3]})
    assert [item.id for item in rest.data] == [made[2], made[1], made[0]]
    assert not rest.has_more
    back = sessions.list({"limit": 2, "ending_before": made[1]})
    assert [item.id for item in back.data] == [made[3], made[2]]
    assert [item.id for item in sessions.list({"limit": 2}).auto_paging_iter()] == made[::-1]
    assert refused(sessions.list, {"limit": 101}).param == "limit"
    assert refused(sessions.list, {"starting_after": "cs_none"}).code == "resource_missing"
    both = {"starting_after": made[0], "ending_before": made[1]}
    assert refused(sessions.list, both).http_status == 400
    assert sessions.list({"created": {"gt": int(time.time()) + 60}}).data == []


def test_expansion(sandbox: Sandbox) -> None:
    sandbox.paid()
    sandbox.advance(31)
    found = sandbox.api.v1.charges.list({"expand": ["data.balance_transaction.source"]})
    assert found.data[0].balance_transaction.source.id == found.data[0].id
    error = refused(sandbox.api.v1.charges.list, {"expand": ["data.nothing"]})
    assert "cannot be expanded" in str(error)


def test_a_key_replays_and_refuses_other_parameters(sandbox: Sandbox) -> None:
    seller, charge = sandbox.seller(), sandbox.paid()
    first = sandbox.transfer(charge, seller, 100, idempotency_key="k1")
    again = sandbox.transfer(charge, seller, 100, idempotency_key="k1")
    assert first.id == again.id
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert sandbox.control("money/")["transferred_cents"] == 100
    error = refused(sandbox.transfer, charge, seller, 101, idempotency_key="k1")
    assert isinstance(error, stripe.IdempotencyError)
    assert error.http_status == 400
    sandbox.advance(24 * 3600 + 1)
    fresh = sandbox.transfer(charge, seller, 100, idempotency_key="k1")
    assert fresh.id != first.id


def test_refusals_of_execution_are_saved_and_of_validation_are_not(sandbox: Sandbox) -> None:
    charge, account = sandbox.paid(), sandbox.account().id
    error = refused(sandbox.transfer, charge, account, 100, idempotency_key="k2")
    sandbox.control(f"accounts/{account}/", {"onboarded": True})
    again = refused(sandbox.transfer, charge, account, 100, idempotency_key="k2")
    assert again.code == error.code == "insufficient_capabilities_for_transfer"
    assert again.headers["Idempotent-Replayed"] == "true"
    headers = {"Idempotency-Key": "k3"}
    assert raw(sandbox, "/v1/refunds", "charge=x&amount=abc", **headers).status_code == 400
    assert raw(sandbox, "/v1/refunds", f"charge={charge.id}", **headers).ok


def test_a_decline_is_saved_with_its_charge(sandbox: Sandbox) -> None:
    params = {
        "amount": 500,
        "currency": "usd",
        "payment_method": "pm_card_visa_chargeDeclined",
        "confirm": True,
    }
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            sandbox.api.v1.payment_intents.create(params, {"idempotency_key": "k4"})
    assert [charge.status for charge in sandbox.api.v1.charges.list().data] == ["failed"]


def test_many_requests_with_one_key_do_it_once(sandbox: Sandbox) -> None:
    seller, charge = sandbox.seller(), sandbox.paid()
    answers: list[Any] = []

    def send() -> None:
        try:
            done = sandbox.transfer(charge, seller, 100, idempotency_key="k5")
            answers.append(done.id)
        except stripe.APIError as error:
            answers.append(error.http_status)

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12
    assert len({answer for answer in answers if answer != 409}) == 1
    assert sandbox.control("money/")["transferred_cents"] == 100


def test_many_transfers_at_once_never_exceed_the_charge(sandbox: Sandbox) -> None:
    seller, charge = sandbox.seller(), sandbox.paid(1000)
    done: list[str] = []

    def send() -> None:
        with contextlib.suppress(stripe.InvalidRequestError):
            done.append(sandbox.transfer(charge, seller, 300).id)

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 3
    assert sandbox.control("money/")["transferred_cents"] == 900


def test_a_lost_answer_was_done(sandbox: Sandbox) -> None:
    seller, charge = sandbox.seller(), sandbox.paid()
    sandbox.fault("answer_lost", "/v1/transfers")
    with pytest.raises(stripe.APIConnectionError):
        sandbox.transfer(charge, seller, 100, idempotency_key="k6")
    assert sandbox.control("money/")["transferred_cents"] == 100
    logged = sandbox.control("requests/")["results"][-1]
    assert (logged["path"], logged["status"]) == ("/stripe/v1/transfers", None)
    again = sandbox.transfer(charge, seller, 100, idempotency_key="k6")
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert sandbox.control("money/")["transferred_cents"] == 100


def test_the_sdk_recovers_from_a_lost_answer_by_itself(sandbox: Sandbox) -> None:
    charge = sandbox.paid()
    sandbox.fault("answer_lost", "/v1/refunds")
    refund = sandbox.client(2).v1.refunds.create({"charge": charge.id, "amount": 100})
    assert refund.status == "succeeded"
    assert sandbox.control("money/")["refunded_cents"] == 100


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("status_500", 500, None),
        ("status_409", 409, "idempotency_key_in_use"),
        ("status_429", 429, "rate_limit"),
    ],
)
def test_faults_before_the_work(sandbox: Sandbox, kind: str, status: int, code: str | None) -> None:
    charge = sandbox.paid()
    sandbox.fault(kind, "/v1/refunds", times=2)
    params, options = {"charge": charge.id}, {"idempotency_key": "k7"}
    for _ in range(2):
        error = refused(sandbox.api.v1.refunds.create, params, options)
        assert error.http_status == status
        assert error.json_body["error"].get("code") == code
    assert sandbox.control("money/")["refunded_cents"] == 0
    assert sandbox.control("faults/")["results"] == []
    assert sandbox.api.v1.refunds.create(params, options).amount == 4200


def test_done_then_500_is_done_and_replays_the_500(sandbox: Sandbox) -> None:
    seller, charge = sandbox.seller(), sandbox.paid()
    sandbox.fault("done_then_500", "/v1/transfers")
    for _ in range(2):
        error = refused(sandbox.transfer, charge, seller, 100, idempotency_key="k8")
        assert error.http_status == 500
        assert error.headers["Stripe-Should-Retry"] == "false"
    found = sandbox.api.v1.transfers.list({"transfer_group": "order_1"})
    assert [transfer.amount for transfer in found.data] == [100]
    assert sandbox.control("money/")["transferred_cents"] == 100


def test_a_slow_request_holds_its_key(sandbox: Sandbox) -> None:
    charge = sandbox.paid()
    sandbox.fault("slow", "/v1/refunds")
    params, options = {"charge": charge.id}, {"idempotency_key": "k9"}
    slow = threading.Thread(target=sandbox.api.v1.refunds.create, args=(params, options))
    began = time.monotonic()
    slow.start()
    time.sleep(0.5)
    error = refused(sandbox.api.v1.refunds.create, params, options)
    assert (error.http_status, error.json_body["error"]["code"]) == (409, "idempotency_key_in_use")
    slow.join()
    assert time.monotonic() - began > 2
    assert sandbox.control("money/")["refunded_cents"] == 4200


def test_faults_are_listed_and_cleared(sandbox: Sandbox) -> None:
    sandbox.fault("status_500", "/v1/charges", method="GET", times=3)
    assert refused(sandbox.api.v1.charges.list).http_status == 500
    listed = sandbox.control("faults/")["results"]
    wanted = {"kind": "status_500", "method": "GET", "path": "/v1/charges", "times": 2}
    assert listed == [wanted]
    requests.delete(f"{sandbox.url}/_control/faults/", timeout=5)
    sandbox.api.v1.charges.list()
    url = f"{sandbox.url}/_control/faults/"
    assert requests.post(url, json={"kind": "fire"}, timeout=5).status_code == 400


def test_the_log_masks_secrets(sandbox: Sandbox) -> None:
    session = sandbox.session()
    sandbox.fill(session.url, "4000000000000002")
    sandbox.api.v1.payment_intents.list()
    logged = json.dumps(sandbox.control("requests/")["results"])
    for secret in ("4000000000000002", "sk_test_key", "_secret_"):
        assert secret not in logged
    rows = sandbox.control("requests/")["results"]
    assert rows[0]["headers"]["Authorization"] == "Bearer sk_test_****"
    assert "order_1" in rows[0]["body"]
    since = rows[0]["n"]
    assert sandbox.control(f"requests/?since={since}")["results"][0]["n"] == since + 1
