"""Stripe, through its official SDK. Stripe's words stay in this file.

The pattern is docs.stripe.com/connect/separate-charges-and-transfers.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe
from django.conf import settings
from stripe import StripeClient, StripeObject

from payments.processor.interface import (
    Account,
    Answer,
    CardDispute,
    Checkout,
    Decline,
    Line,
    Moved,
    OutcomeUnknown,
    Payment,
    ProcessorRefused,
    Warned,
)

CALL_TIMEOUT_SECONDS = 8
# The SDK accepts signatures up to this age; one from the future it would accept at any distance.
SIGNATURE_TOLERANCE_SECONDS = 300
# A Checkout Session lives between 30 minutes and 24 hours (docs.stripe.com/api/checkout/sessions).
SHORTEST_CHECKOUT = timedelta(minutes=31)
# Stripe's types of balance transactions, in our words:
# docs.stripe.com/reports/balance-transaction-types.
LINES = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund",
    "transfer": "transfer",
    "transfer_refund": "transfer",
    "adjustment": "dispute",
    "payout": "payout",
    "payout_failure": "payout",
    "topup": "top-up",
    "stripe_fee": "fee",
    "network_cost": "fee",
    "reserve_transaction": "reserve",
    "connect_collection_transfer": "collection",
}
WON, LOST = {"won", "warning_closed", "prevented"}, {"lost"}


@contextmanager
def _translated() -> Iterator[None]:
    """Stripe's errors as ours: refused means not done, everything doubtful is unknown."""
    try:
        yield
    except stripe.StripeError as error:
        status = error.http_status or 0
        # Anything that is no plain refusal may have been done, half an answer included.
        refused = 400 <= status < 500 and status not in (401, 403, 409, 429)
        refused = refused and isinstance(error.json_body, dict)
        if not refused or isinstance(error, stripe.APIConnectionError):
            headers = {name.lower(): value for name, value in (error.headers or {}).items()}
            replayed = headers.get("idempotent-replayed") == "true" and status >= 500
            raise OutcomeUnknown(str(error), replayed=replayed) from error
        raise ProcessorRefused(error.code or "", error.user_message or str(error)) from error


def _plain(found: StripeObject) -> dict[str, Any]:
    return found.to_dict()


def _card(charge: dict[str, Any]) -> dict[str, Any]:
    return (charge.get("payment_method_details") or {}).get("card") or {}


class StripeProcessor:
    """Implements `payments.processor.interface.Processor`."""

    def __init__(self) -> None:
        # Retries are ours: they must carry the key of the row that was written first.
        self.client = StripeClient(
            settings.STRIPE_SECRET_KEY,
            base_addresses={"api": settings.STRIPE_API_BASE},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=CALL_TIMEOUT_SECONDS),
        )

    def send(self, kind: str, *, key: str, params: dict[str, Any], account: str) -> Answer:
        """Carry out an instruction under its idempotency key."""
        v1 = self.client.v1
        calls: dict[str, Callable[..., StripeObject]] = {
            "account": self.client.v2.core.accounts.create,
            "checkout": v1.checkout.sessions.create,
            "refund": v1.refunds.create,
            "transfer": v1.transfers.create,
            "payout": v1.payouts.create,
            "setup": v1.checkout.sessions.create,
            "charge": v1.payment_intents.create,
        }
        # What is done to something that exists, and the parameter that names it.
        within: dict[str, tuple[str, Callable[..., StripeObject]]] = {
            "expire": ("checkout", v1.checkout.sessions.expire),
            "reversal": ("transfer", v1.transfers.reversals.create),
            "evidence": ("dispute", v1.disputes.update),
            "detach": ("card", v1.payment_methods.detach),
            "forget": ("customer", v1.customers.delete),
        }
        options: Any = {"idempotency_key": key}
        if account:
            options["stripe_account"] = account
        with _translated():
            if kind in within:
                parent, call = within[kind]
                rest = {name: value for name, value in params.items() if name != parent}
                done: StripeObject = call(params[parent], rest, options)
            else:
                done = calls[kind](params, options)
        return self._charged(_plain(done)) if kind == "charge" else self._answer(done)

    @staticmethod
    def _charged(intent: dict[str, Any]) -> Answer:
        """A charge of a kept card is an answer when it succeeded: its owner is not there."""
        if intent["status"] == "processing":
            raise OutcomeUnknown("The payment is being processed.", replayed=True)
        if intent["status"] != "succeeded":
            error = intent.get("last_payment_error") or {}
            code = error.get("code") or "authentication_required"
            raise ProcessorRefused(code, error.get("message") or "The card was not charged.")
        return Answer(remote_id=intent["id"])

    def _find_charge(self, params: dict[str, Any]) -> Answer | None:
        """What was charged for this escrow, by whichever try; a decline is nothing found."""
        with _translated():
            page = self.client.v1.payment_intents.list(
                {"customer": params["customer"], "limit": 100}
            )
            found = [_plain(one) for one in page.auto_paging_iter()]
        for intent in found:
            under_way = intent["status"] in ("succeeded", "processing")
            if under_way and intent.get("transfer_group") == params["transfer_group"]:
                return self._charged(intent)
        return None

    def find(
        self, kind: str, *, instruction: str, params: dict[str, Any], account: str
    ) -> Answer | None:
        """Look for what an earlier try may have brought about, by the instruction's own mark."""
        if kind == "charge":
            return self._find_charge(params)
        v1 = self.client.v1
        with _translated():
            if kind == "transfer":
                query: dict[str, Any] = {"transfer_group": params["transfer_group"], "limit": 100}
                page = v1.transfers.list(query)  # type: ignore[arg-type]
            elif kind == "refund":
                page = v1.refunds.list({"charge": params["charge"], "limit": 100})  # type: ignore[assignment]
            elif kind == "reversal":
                page = v1.transfers.reversals.list(params["transfer"], {"limit": 100})  # type: ignore[assignment]
            elif kind == "payout":
                page = v1.payouts.list({"limit": 100}, {"stripe_account": account})  # type: ignore[assignment]
            else:
                # An unpaid page, an empty account, the same evidence: harmless if doubled.
                return None
            for found in page.auto_paging_iter():
                # A refund that came back is not the one that is looked for now.
                if kind == "refund" and _plain(found)["status"] in ("failed", "canceled"):
                    continue
                if _plain(found).get("metadata", {}).get("instruction") == instruction:
                    return self._answer(found)
        return None

    def moved(self, *, group: str, charge: str) -> list[Moved]:
        """All that still stands of what was done with one charge, oldest first."""
        v1, found = self.client.v1, []
        with _translated():
            transfers = v1.transfers.list({"transfer_group": group, "limit": 100})
            for transfer in transfers.auto_paging_iter():
                found.append(self._moved("transfer", transfer))
                back = v1.transfers.reversals.list(transfer.id, {"limit": 100})
                found += [self._moved("reversal", one) for one in back.auto_paging_iter()]
            refunds = v1.refunds.list({"charge": charge, "limit": 100})
            found += [self._moved("refund", one) for one in refunds.auto_paging_iter()]
        return [moved for moved in reversed(found) if moved is not None]

    def payouts(self, *, account: str) -> list[Moved]:
        """All payouts of a seller's account that did not come back, oldest first."""
        with _translated():
            page = self.client.v1.payouts.list({"limit": 100}, {"stripe_account": account})
            found = [self._moved("payout", one) for one in page.auto_paging_iter()]
        return [moved for moved in reversed(found) if moved is not None]

    @staticmethod
    def _moved(kind: str, found: StripeObject) -> Moved | None:
        data = _plain(found)
        if data.get("status") in ("failed", "canceled"):
            return None
        mark = (data.get("metadata") or {}).get("instruction") or ""
        return Moved(kind, data["id"], mark, data["amount"])

    @staticmethod
    def _answer(found: StripeObject) -> Answer:
        data = _plain(found)
        return Answer(remote_id=data["id"], url=data.get("url") or "")

    def checkout(self, checkout_id: str) -> Checkout:
        with _translated():
            expand: Any = {"expand": ["setup_intent"]}
            session = _plain(self.client.v1.checkout.sessions.retrieve(checkout_id, expand))
        kept = (session.get("setup_intent") or {}) if session["status"] == "complete" else {}
        return Checkout(
            id=session["id"],
            reference=session.get("client_reference_id") or "",
            status=session["status"],
            paid=session["payment_status"] == "paid",
            payment_id=session.get("payment_intent") or "",
            customer_id=session.get("customer") or "",
            card_id=kept.get("payment_method") or "",
        )

    def payment(self, payment_id: str) -> Payment:
        with _translated():
            intent = _plain(
                self.client.v1.payment_intents.retrieve(
                    payment_id, {"expand": ["latest_charge.balance_transaction"]}
                )
            )
        charge = intent["latest_charge"]
        # Null until Stripe knows it (docs.stripe.com: payment intents, asynchronous capture).
        entry = charge.get("balance_transaction")
        return Payment(
            id=intent["id"],
            charge_id=charge["id"],
            amount_cents=charge["amount"],
            currency=charge["currency"].upper(),
            fee_cents=entry["fee"] if entry else None,
            card_fingerprint=_card(charge).get("fingerprint") or "",
            reference=intent.get("transfer_group") or "",
        )

    def decline(self, intent_id: str) -> Decline:
        v1 = self.client.v1
        with _translated():
            if intent_id.startswith("seti_"):
                found: Any = v1.setup_intents.retrieve(intent_id)
            else:
                found = v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
        intent = _plain(found)
        error, charge = intent.get("last_setup_error") or {}, intent.get("latest_charge") or {}
        card = (error.get("payment_method") or {}).get("card") or _card(charge)
        ours = intent["metadata"]
        return Decline(ours.get("order") or ours.get("basket") or "", card.get("fingerprint") or "")

    def account(self, account_id: str) -> Account:
        with _translated():
            found = _plain(
                self.client.v2.core.accounts.retrieve(
                    account_id, {"include": ["configuration.recipient", "identity", "requirements"]}
                )
            )
        recipient = (found.get("configuration") or {}).get("recipient") or {}
        balance = (recipient.get("capabilities") or {}).get("stripe_balance") or {}
        entries = (found.get("requirements") or {}).get("entries") or []
        return Account(
            id=found["id"],
            ready=(balance.get("stripe_transfers") or {}).get("status") == "active",
            requirements=[entry.get("description", "") for entry in entries],
            country=((found.get("identity") or {}).get("country") or "").upper(),
        )

    def bank_fingerprint(self, account_id: str) -> str:
        """Of the bank account that payouts go to; empty while there is none."""
        with _translated():
            found = _plain(self.client.v1.accounts.retrieve(account_id))
        banks = (found.get("external_accounts") or {}).get("data") or []
        return next((bank.get("fingerprint") or "" for bank in banks), "")

    def onboarding_url(self, account_id: str, *, return_url: str, refresh_url: str) -> str:
        pages = {"return_url": return_url, "refresh_url": refresh_url}
        with _translated():
            link = self.client.v2.core.account_links.create(
                {
                    "account": account_id,
                    "use_case": {"type": "account_onboarding", "account_onboarding": pages},  # type: ignore[typeddict-item]
                }
            )
        return link.url

    def refund_status(self, refund_id: str) -> str:
        with _translated():
            return _plain(self.client.v1.refunds.retrieve(refund_id))["status"] or ""

    def recent_failed_refunds(self) -> list[str]:
        with _translated():
            found = self.client.v1.refunds.list({"limit": 100})
        return [refund.id for refund in found.data if refund.status in ("failed", "canceled")]

    def payout_status(self, payout_id: str, *, account: str) -> tuple[str, str]:
        with _translated():
            payout = _plain(
                self.client.v1.payouts.retrieve(payout_id, {}, {"stripe_account": account})
            )
        return payout["status"], payout.get("failure_message") or payout.get("failure_code") or ""

    def card_dispute(self, dispute_id: str) -> CardDispute:
        with _translated():
            found = self.client.v1.disputes.retrieve(dispute_id, {"expand": ["charge"]})
        return self._card_dispute(_plain(found))

    def recent_card_disputes(self) -> list[CardDispute]:
        with _translated():
            found = self.client.v1.disputes.list({"limit": 100, "expand": ["data.charge"]})
        return [self._card_dispute(_plain(dispute)) for dispute in found.data]

    @staticmethod
    def _card_dispute(dispute: dict[str, Any]) -> CardDispute:
        status, charge = dispute["status"], dispute["charge"]
        return CardDispute(
            id=dispute["id"],
            charge_id=charge["id"],
            amount_cents=dispute["amount"],
            outcome="won" if status in WON else "lost" if status in LOST else "",
            reference=charge.get("transfer_group") or "",
            fee_cents=sum(line["fee"] for line in dispute.get("balance_transactions") or []),
        )

    def warning(self, warning_id: str) -> Warned:
        review = warning_id.startswith("prv_")
        with _translated():
            if review:
                found: Any = self.client.v1.reviews.retrieve(warning_id, {"expand": ["charge"]})
            else:
                warnings = self.client.v1.radar.early_fraud_warnings
                found = warnings.retrieve(warning_id, {"expand": ["charge"]})
        return self._warned(_plain(found))

    def recent_warnings(self) -> list[Warned]:
        with _translated():
            reviews: Any = self.client.v1.reviews.list({"limit": 100, "expand": ["data.charge"]})
            early: Any = self.client.v1.radar.early_fraud_warnings.list(
                {"limit": 100, "expand": ["data.charge"]}
            )
        return [self._warned(_plain(found)) for found in (*reviews.data, *early.data)]

    @staticmethod
    def _warned(found: dict[str, Any]) -> Warned:
        review = found["object"] == "review"
        return Warned(
            id=found["id"],
            kind="review" if review else "fraud_warning",
            charge_id=found["charge"]["id"],
            # A warning of the bank stays; a person here decides on it.
            is_open=bool(found["open"]) if review else True,
            reference=found["charge"].get("transfer_group") or "",
        )

    def lines(self, *, account: str, since: datetime | None, kind: str = "") -> Iterator[Line]:
        """An account's balance transactions, newest first, a page of a hundred at a time."""
        for wanted in [name for name, ours in LINES.items() if ours == kind] or [""]:
            query: dict[str, Any] = {"limit": 100} | ({"type": wanted} if wanted else {})
            if since:
                query["created"] = {"gte": int(since.timestamp())}
            options: Any = {"stripe_account": account} if account else {}
            with _translated():
                page = self.client.v1.balance_transactions.list(query, options)  # type: ignore[arg-type]
                for found in page.auto_paging_iter():
                    yield self._line(found)

    @staticmethod
    def _line(found: Any) -> Line:
        return Line(
            id=found.id,
            source=str(getattr(found.source, "id", found.source) or ""),
            kind=LINES.get(found.type, found.type),
            amount_cents=found.amount,
            fee_cents=found.fee,
            currency=found.currency.upper(),
            at=datetime.fromtimestamp(found.created, UTC),
        )

    def verify(self, body: bytes, signature: str) -> None:
        """Raise ProcessorRefused unless Stripe signed this body in the last minutes."""
        try:
            stripe.WebhookSignature.verify_header(
                body, signature, settings.STRIPE_WEBHOOK_SECRET, SIGNATURE_TOLERANCE_SECONDS
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
            raise ProcessorRefused("signature", "The signature does not fit.") from error
        stamp = next(part[2:] for part in signature.split(",") if part.startswith("t="))
        if int(stamp) > time.time() + SIGNATURE_TOLERANCE_SECONDS:
            raise ProcessorRefused("signature", "The signature is from the future.")

    def earliest_expiry(self, wanted: datetime, now: datetime) -> datetime:
        """When a payment page may close at the earliest, if we want it closed at `wanted`."""
        return max(wanted, now + SHORTEST_CHECKOUT)
