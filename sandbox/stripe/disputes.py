"""Disputes: the buyer's bank takes the money back, with a fee, until the dispute is decided."""

from typing import Any

from django.conf import settings

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import books, cards, events, listing, money, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.errors import StripeError

FEE_CENTS = 1500
ANSWER_WITHIN_SECONDS = 7 * 24 * 3600
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
]


@clock.on_due("charge.dispute")
def by_card(key: str) -> None:
    """A card that always disputes does so."""
    card = cards.BY_NUMBER[records.get("charge", key).inner["card"]]
    start(key, card.dispute, inquiry=card.inquiry)


def start(key: str, reason: str, *, inquiry: bool = False) -> Record:
    """Opens a dispute on what is left of a charge; raises when it cannot be disputed."""
    charge = records.get("charge", key, param="charge", status=404)
    amount = charge.data["amount"] - charge.data["amount_refunded"]
    if charge.data["status"] != "succeeded" or charge.data["disputed"] or amount < 1:
        raise StripeError("This charge cannot be disputed.", param="charge")
    record = records.create("dispute", _blank(charge, amount, reason, inquiry))
    charge.data["disputed"] = True
    charge.inner["blocked_by_dispute"] = not inquiry
    records.save(charge)
    if not inquiry:
        _book(record, -amount, fee=FEE_CENTS, category="dispute")
    events.emit("charge.dispute.created", record.data)
    if not inquiry:
        events.emit("charge.dispute.funds_withdrawn", record.data)
    events.emit("charge.updated", charge.data, before={"disputed": False})
    return record


def decide(key: str, outcome: str) -> Record:
    """Closes a dispute as `won` or `lost`; a won one books the amount back, never the fee."""
    record = records.get("dispute", key)
    data = record.data
    if data["status"] not in OPEN:
        raise StripeError("This dispute is already closed.", code="dispute_closed")
    inquiry = data["status"].startswith("warning")
    data["status"] = "warning_closed" if inquiry else outcome
    records.save(record)
    charge = records.get("charge", data["charge"])
    charge.inner["blocked_by_dispute"] = outcome == "lost" and not inquiry
    records.save(charge)
    if outcome == "won" and not inquiry:
        _book(record, data["amount"], fee=0, category="dispute_reversal")
        events.emit("charge.dispute.funds_reinstated", data)
    events.emit("charge.dispute.closed", data)
    return record


def overview() -> list[dict[str, Any]]:
    """Every dispute, the oldest first: its charge, its status, and whether it is undecided."""
    rows = Record.objects.filter(kind="dispute").order_by("n")
    return [
        {
            "id": row.key,
            "charge": row.data["charge"],
            "status": row.data["status"],
            "open": row.data["status"] in OPEN,
        }
        for row in rows
    ]


@endpoint("GET", "/v1/disputes")
def list_disputes(call: Call) -> Answer:
    """Disputes, by charge or payment intent."""
    return listing.of_records(call, "dispute", "charge", "payment_intent")


@endpoint("GET", "/v1/disputes/{dispute}")
def retrieve(call: Call) -> Answer:
    """One dispute."""
    return dict(records.get("dispute", call.ids["dispute"], account=call.account).data)


@endpoint("POST", "/v1/disputes/{dispute}")
def update(call: Call) -> Answer:
    """Adds evidence; unless `submit` is false it goes to the bank, which then decides."""
    record = records.get("dispute", call.ids["dispute"], account=call.account)
    data = record.data
    if data["status"] not in ("needs_response", "warning_needs_response"):
        raise StripeError("This dispute takes no evidence any more.", code="dispute_closed")
    data["metadata"] |= call.params.get("metadata") or {}
    evidence = call.params.get("evidence") or {}
    data["evidence"] |= {name: text for name, text in evidence.items() if name in EVIDENCE}
    details = data["evidence_details"]
    details["has_evidence"] = any(data["evidence"][name] for name in EVIDENCE)
    if call.params.get("submit", bool(evidence)) and details["has_evidence"]:
        details["submission_count"] += 1
        details["submission_method"] = "manual"
        inquiry = data["status"].startswith("warning")
        data["status"] = "warning_under_review" if inquiry else "under_review"
        clock.plan("dispute.decide", record.key, after=settings.REFUND_SECONDS)
    records.save(record)
    events.emit("charge.dispute.updated", data)
    return dict(data)


@endpoint("POST", "/v1/disputes/{dispute}/close")
def close(call: Call) -> Answer:
    """Accepts the dispute as lost."""
    return dict(decide(call.ids["dispute"], "lost").data)


@clock.on_due("dispute.decide")
def decide_by_evidence(key: str) -> None:
    """The bank decides where the evidence says how; otherwise it stays under review."""
    record = records.get("dispute", key)
    text = record.data["evidence"]["uncategorized_text"]
    outcome = {"winning_evidence": "won", "losing_evidence": "lost"}.get(text or "")
    if outcome and record.data["status"] in OPEN:
        decide(key, outcome)


def _book(record: Record, amount: int, *, fee: int, category: str) -> None:
    data = record.data
    line = books.book(
        account=records.PLATFORM,
        kind="adjustment",
        category=category,
        amount=amount,
        fee=fee,
        currency=data["currency"],
        source=record.key,
        description=f"Chargeback {'withdrawal' if amount < 0 else 'reversal'} for {data['charge']}",
    )
    data["balance_transactions"].append(books.shown(books.get(line, account=records.PLATFORM)))
    records.save(record)
    group = records.get("charge", data["charge"]).data["transfer_group"]
    money.count("disputed", -amount, group=group, reference=record.key)


def _blank(charge: Record, amount: int, reason: str, inquiry: bool) -> dict[str, Any]:
    card = charge.data["payment_method_details"]["card"]
    now = clock.timestamp()
    return {
        "id": records.new_key("du_1"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge.key,
        "created": now,
        "currency": charge.data["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + ANSWER_WITHIN_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge.data["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": card["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": card["brand"],
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
