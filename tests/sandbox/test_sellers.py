"""Sellers: onboarding, transfers out of charges, reversals, payouts."""

from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.conftest import Sandbox


def status(account: Any) -> str:
    """The capability that transfers need."""
    found = account.configuration.recipient.capabilities.stripe_balance.stripe_transfers.status
    return str(found)


def refused(call: Any, *arguments: Any, **options: Any) -> stripe.StripeError:
    """The error that a call ends in."""
    with pytest.raises(stripe.StripeError) as error:
        call(*arguments, **options)
    return error.value


def test_onboarding_makes_an_account_ready(sandbox: Sandbox) -> None:
    account = sandbox.account()
    assert status(account) == "restricted"
    assert account.requirements.entries
    assert sandbox.api.v1.accounts.retrieve(account.id).payouts_enabled is False

    url = sandbox.link(account.id)
    page = requests.get(url, timeout=5).text
    assert 'value="000123456789"' in page
    empty = requests.post(url, data={"country": "us", "name": "", "account_number": "1"}, timeout=5)
    assert "Write your legal name." in empty.text
    form = {"country": "de", "name": "Sal Seller", "account_number": "000123456789"}
    answer = requests.post(url, data=form, allow_redirects=False, timeout=5)
    assert answer.headers["Location"] == "http://127.0.0.1:9/back"
    again = requests.get(url, allow_redirects=False, timeout=5)
    assert again.headers["Location"] == "http://127.0.0.1:9/again"

    include = {"include": ["configuration.recipient", "requirements", "identity"]}
    found = sandbox.api.v2.core.accounts.retrieve(account.id, include)
    assert status(found) == "active"
    assert found.requirements.entries == []
    assert found.identity.country == "de"
    bare = sandbox.api.v2.core.accounts.retrieve(account.id)
    assert bare.configuration is None
    v1 = sandbox.api.v1.accounts.retrieve(account.id)
    assert v1.capabilities.transfers == "active"
    assert v1.payouts_enabled
    assert v1.external_accounts.data[0].fingerprint
    event = sandbox.receiver.wait_for("account.updated")
    assert event["account"] == account.id
    assert event["data"]["object"]["payouts_enabled"] is True
    kind = "v2.core.account[configuration.recipient].capability_status_updated"
    thin = sandbox.receiver.wait_for(kind)
    assert thin["related_object"]["id"] == account.id
    assert sandbox.api.v2.core.events.retrieve(thin["id"]).type == kind


def test_a_link_expires(sandbox: Sandbox) -> None:
    url = sandbox.link(sandbox.account().id)
    sandbox.advance(601)
    answer = requests.get(url, allow_redirects=False, timeout=5)
    assert answer.headers["Location"] == "http://127.0.0.1:9/again"


def test_a_charge_gives_no_more_than_it_has(sandbox: Sandbox) -> None:
    seller, charge = sandbox.seller(), sandbox.paid(4200)
    first = sandbox.transfer(charge, seller, 4000)
    assert first.transfer_group == "order_1"
    assert first.destination_payment.startswith("py_")
    assert refused(sandbox.transfer, charge, seller, 201).http_status == 400
    sandbox.transfer(charge, seller, 200)
    assert refused(sandbox.transfer, charge, seller, 1).http_status == 400
    found = sandbox.api.v1.transfers.list({"transfer_group": "order_1"})
    assert [item.amount for item in found.data] == [200, 4000]
    assert sandbox.control("money/")["groups"]["order_1"]["transferred_cents"] == 4200
    at_seller = {"stripe_account": seller}
    assert sandbox.api.v1.balance.retrieve(options=at_seller).pending[0].amount == 4200
    sandbox.advance(61)
    assert sandbox.api.v1.balance.retrieve(options=at_seller).available[0].amount == 4200


def test_only_ready_accounts_receive(sandbox: Sandbox) -> None:
    charge, seller = sandbox.paid(), sandbox.account().id
    error = refused(sandbox.transfer, charge, seller, 100)
    assert error.code == "insufficient_capabilities_for_transfer"
    assert refused(sandbox.transfer, charge, "acct_none", 100).code == "resource_missing"
    ready = sandbox.seller()
    sandbox.control(f"accounts/{ready}/", {"restricted": True})
    error = refused(sandbox.transfer, charge, ready, 100)
    assert error.code == "insufficient_capabilities_for_transfer"
    sandbox.control(f"accounts/{ready}/", {"restricted": False})
    sandbox.transfer(charge, ready, 100)


def test_without_a_source_the_balance_must_do(sandbox: Sandbox) -> None:
    seller = sandbox.seller()
    params = {"amount": 100, "currency": "usd", "destination": seller}
    assert refused(sandbox.api.v1.transfers.create, params).code == "balance_insufficient"
    sandbox.paid()
    sandbox.advance(100)
    assert sandbox.api.v1.transfers.create(params).source_transaction is None


def test_a_reversal_needs_the_sellers_available_money(sandbox: Sandbox) -> None:
    seller, charge = sandbox.seller(), sandbox.paid(4200)
    transfer = sandbox.transfer(charge, seller, 4000)
    reversals = sandbox.api.v1.transfers.reversals
    assert refused(reversals.create, transfer.id).code == "balance_insufficient"
    sandbox.advance(61)
    reversals.create(transfer.id, {"amount": 1500})
    assert refused(reversals.create, transfer.id, {"amount": 2501}).http_status == 400
    reversals.create(transfer.id)
    found = sandbox.api.v1.transfers.retrieve(transfer.id)
    assert (found.reversed, found.amount_reversed) == (True, 4000)
    assert len(reversals.list(transfer.id).data) == 2
    moved = sandbox.control("money/")
    assert (moved["transferred_cents"], moved["reversed_cents"]) == (4000, 4000)
    sandbox.receiver.wait_for("transfer.reversed", times=2)


@pytest.mark.parametrize(
    ("number", "outcome", "code"),
    [
        ("000123456789", "paid", None),
        ("000111111116", "failed", "no_account"),
        ("000111111113", "failed", "account_closed"),
    ],
)
def test_payouts(sandbox: Sandbox, number: str, outcome: str, code: str | None) -> None:
    seller, charge = sandbox.seller(number), sandbox.paid(4200)
    sandbox.transfer(charge, seller, 4000)
    options = {"stripe_account": seller}
    params = {"amount": 4000, "currency": "usd"}
    create = sandbox.api.v1.payouts.create
    assert refused(create, params, options).code == "balance_insufficient"
    sandbox.advance(61)
    payout = create(params, options)
    assert payout.status == "pending"
    sandbox.advance(31)
    found = sandbox.api.v1.payouts.retrieve(payout.id, options=options)
    assert (found.status, found.failure_code) == (outcome, code)
    event = sandbox.receiver.wait_for(f"payout.{outcome}")
    assert event["account"] == seller
    left = sandbox.api.v1.balance.retrieve(options=options).available[0].amount
    assert left == (0 if outcome == "paid" else 4000)
    assert sandbox.control("money/")["paid_out_cents"] == 4000 - left
    lines = sandbox.api.v1.balance_transactions.list({"payout": payout.id}, options)
    assert len(lines.data) == (1 if outcome == "paid" else 2)


def test_a_paid_payout_can_still_fail(sandbox: Sandbox) -> None:
    seller, charge = sandbox.seller(), sandbox.paid(4200)
    sandbox.transfer(charge, seller, 4000)
    sandbox.advance(61)
    options = {"stripe_account": seller}
    payout = sandbox.api.v1.payouts.create({"amount": 4000, "currency": "usd"}, options)
    sandbox.control(f"payouts/{payout.id}/", {"outcome": "paid"})
    sandbox.control(f"payouts/{payout.id}/", {"outcome": "failed"})
    assert sandbox.api.v1.balance.retrieve(options=options).available[0].amount == 4000
    assert sandbox.control("money/")["paid_out_cents"] == 0


def test_balance_settings_belong_to_an_account(sandbox: Sandbox) -> None:
    options = {"stripe_account": sandbox.seller()}
    manual = {"payments": {"payouts": {"schedule": {"interval": "manual"}}}}
    sandbox.api.v1.balance_settings.update(manual, options)
    found = sandbox.api.v1.balance_settings.retrieve(options=options)
    assert found.payments.payouts.schedule.interval == "manual"
    own = sandbox.api.v1.balance_settings.retrieve()
    assert own.payments.payouts.schedule.interval == "daily"


def test_accounts_are_listed_in_pages(sandbox: Sandbox) -> None:
    made = [sandbox.account().id for _ in range(5)]
    listed = sandbox.api.v2.core.accounts.list({"limit": 2})
    assert [item.id for item in listed.auto_paging_iter()] == made[::-1]
    found = [item.id for item in sandbox.api.v1.accounts.list({"limit": 3}).data]
    assert found == made[:1:-1]
