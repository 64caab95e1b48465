"""The control calls: what a test or an operator may do to the world outside."""

from typing import Any

from django.http import HttpRequest

from sandbox import clock, models
from sandbox.control import books, faults
from sandbox.control.answering import Answer, Invalid, call, choice, flag, number
from sandbox.models import Delivery, Fault, LoggedRequest, ProviderAccount
from sandbox.stripe import (
    charges,
    checkout,
    connected,
    disputes,
    events,
    money,
    onboarding,
    payouts,
    records,
    refunds,
    reviews,
    webhooks,
)
from sandbox.writing import writing

FIGURES = ("remaining", "granted", "used")
MOST_ACCOUNTS = 200


@call("GET", "POST")
def advance_clock(request: HttpRequest, given: Answer) -> Answer:
    """Tells the time; POST moves it forward and does what becomes due."""
    if request.method == "POST":
        seconds = number(given, "advance_seconds")
        if seconds < 0:
            raise Invalid("advance_seconds must not be negative")
        clock.advance(seconds)
    return {"now": clock.iso(clock.now()), "timestamp": clock.now(), "offset": clock.offset()}


@call("GET")
def requests(_request: HttpRequest, given: Answer) -> Answer:
    """The requests after number `since`, oldest first; `limit` of them when given."""
    rows = LoggedRequest.objects.filter(n__gt=int(number(given, "since", 0))).order_by("n")
    if "limit" in given:
        rows = rows[: max(int(number(given, "limit")), 0)]
    names = ("n", "method", "path", "query", "headers", "body", "status", "response")
    return {
        "results": [
            {"at": row.at.isoformat().replace("+00:00", "Z")}
            | {name: getattr(row, name) for name in names}
            for row in rows
        ]
    }


@call("GET", "POST", "DELETE")
def stripe_faults(request: HttpRequest, given: Answer) -> Answer:
    """Adds, lists or clears faults of Stripe's API."""
    with writing():
        if request.method == "DELETE" or given.get("clear"):
            Fault.objects.filter(provider="").delete()
        elif request.method == "POST":
            times = int(number(given, "times", 1))
            if times < 1:
                raise Invalid("times must be at least 1")
            Fault.objects.create(
                kind=choice(given, "kind", faults.KINDS),
                method=str(given.get("method") or "").upper(),
                path=str(given.get("path") or "").removeprefix("/stripe"),
                left=times,
            )
    rows = Fault.objects.filter(provider="").order_by("pk")
    return {
        "results": [
            {"kind": row.kind, "method": row.method, "path": row.path, "times": row.left}
            for row in rows
        ]
    }


@call("GET", "POST")
def webhook_mode(request: HttpRequest, given: Answer) -> Answer:
    """How webhooks are delivered, and how many are in each state."""
    if request.method == "POST":
        with writing():
            webhooks.set_mode(choice(given, "mode", webhooks.MODES))
    states = ("queued", "held", "sent", "failed", "dropped")
    counts = {state: Delivery.objects.filter(state=state).count() for state in states}
    return {"mode": webhooks.mode(), **counts}


@call("POST")
def release_webhooks(_request: HttpRequest, _given: Answer) -> Answer:
    """Sends what is held."""
    with writing():
        return {"released": webhooks.release()}


@call("POST")
def take_webhooks(_request: HttpRequest, _given: Answer) -> Answer:
    """Hands over what is held, signed, to be delivered by whoever asks."""
    with writing():
        return {"results": webhooks.take()}


@call("POST")
def resend_webhook(_request: HttpRequest, given: Answer) -> Answer:
    """Sends an event's webhook once more."""
    with writing():
        events.resend(str(given.get("event")))
    return {"event": given["event"]}


@call("GET")
def money_moved(_request: HttpRequest, given: Answer) -> Answer:
    """The money that moved, in all and by transfer group."""
    return money.counted(given.get("transfer_group"))


@call("GET", "POST")
def open_dispute(request: HttpRequest, given: Answer) -> Answer:
    """Opens a dispute on a charge; GET lists all, the oldest first."""
    if request.method == "GET":
        return {"results": disputes.overview()}
    with writing():
        reason = str(given.get("reason") or "fraudulent")
        return dict(disputes.start(str(given.get("charge")), reason).data)


@call("POST")
def close_dispute(_request: HttpRequest, given: Answer, key: str) -> Answer:
    """Decides a dispute."""
    with writing():
        return dict(disputes.decide(key, choice(given, "outcome", ("won", "lost"))).data)


@call("POST")
def open_review(_request: HttpRequest, given: Answer) -> Answer:
    """Has Radar review a charge."""
    with writing():
        return dict(reviews.start(str(given.get("charge"))).data)


@call("POST")
def close_review(_request: HttpRequest, given: Answer, key: str) -> Answer:
    """Ends a review."""
    with writing():
        return dict(reviews.close(key, choice(given, "reason", reviews.CLOSINGS)).data)


@call("POST")
def warn(_request: HttpRequest, given: Answer) -> Answer:
    """Has the card's bank send an early fraud warning about a charge."""
    with writing():
        key = str(given.get("charge"))
        records.get("charge", key, param="charge")
        return charges.early_fraud_warning(key)


@call("POST")
def session(_request: HttpRequest, given: Answer, key: str) -> Answer:
    """Pays a session as no card would: in days, or with another amount or currency."""
    outcome = choice(given, "outcome", ("processing", "paid", "failed"))
    with writing():
        record = records.get("checkout.session", key)
        if outcome == "processing":
            checkout.process(record)
        elif outcome == "failed":
            checkout.fail_processing(record)
        else:
            amount = int(number(given, "amount_cents", record.data["amount_total"]))
            currency = str(given.get("currency") or record.data["currency"]).lower()
            checkout.pay_with(record, amount=amount, currency=currency)
        return dict(record.data)


@call("POST")
def ready_accounts(_request: HttpRequest, given: Answer) -> Answer:
    """Makes accounts of sellers who have been onboarded, `count` at once, for scripts."""
    count = int(number(given, "count"))
    if not 1 <= count <= MOST_ACCOUNTS:
        raise Invalid(f"count must be between 1 and {MOST_ACCOUNTS}")
    with writing():
        return {"ids": [onboarding.ready_made(one) for one in range(count)]}


@call("POST")
def account(_request: HttpRequest, given: Answer, key: str) -> Answer:
    """Restricts a seller's account or lets it go on; `onboarded` fills in its form for it."""
    with writing():
        record = records.get(connected.KIND, key)
        if "onboarded" in given and flag(given, "onboarded"):
            onboarding.simulate(key)
        if "restricted" in given or "onboarded" not in given:
            connected.restrict(records.get(connected.KIND, key), flag(given, "restricted"))
        record.refresh_from_db()
        return connected.v1_shape(record)


@call("POST")
def payout(_request: HttpRequest, given: Answer, key: str) -> Answer:
    """Decides a payout."""
    with writing():
        return dict(payouts.decide(key, choice(given, "outcome", ("paid", "failed"))).data)


@call("POST")
def refund(_request: HttpRequest, given: Answer, key: str) -> Answer:
    """Decides a refund."""
    outcome = choice(given, "outcome", ("succeeded", "failed"))
    with writing():
        records.get("refund", key)
        (refunds.succeed if outcome == "succeeded" else refunds.fail)(key)
        return dict(records.get("refund", key).data)


@call("GET", "POST")
def provider_account(request: HttpRequest, given: Answer, slug: str, key: str) -> Answer:
    """What a provider answers to a key: remaining, granted and used, in its own unit."""
    with writing():
        row = ProviderAccount.objects.filter(provider=slug, key=key).first()
        if request.method == "POST":
            row = _set_figures(row, slug, key, given)
    if row is None:
        raise Invalid("no such account")
    return dict(row.figures)


@call("GET", "POST", "DELETE")
def provider_faults(request: HttpRequest, given: Answer, slug: str) -> Answer:
    """Adds, lists or clears faults of a provider's API."""
    with writing():
        if request.method == "DELETE":
            Fault.objects.filter(provider=slug).delete()
        elif request.method == "POST":
            kind = choice(given, "kind", faults.PROVIDER_KINDS)
            left = int(number(given, "times", 1))
            Fault.objects.create(provider=slug, kind=kind, left=left)
    rows = Fault.objects.filter(provider=slug).order_by("pk")
    return {"results": [{"kind": row.kind, "times": row.left} for row in rows]}


@call("POST")
def write_books(request: HttpRequest, given: Answer) -> Answer:
    """Writes whole trades, and payouts, for demo data, without events."""
    with writing():
        made = books.write(given, f"{request.scheme}://{request.get_host()}")
        return {"results": made, "payouts": books.pay_out(given)}


@call("POST")
def reset(_request: HttpRequest, _given: Answer) -> Answer:
    """Empties everything and sets the clock right."""
    tables: list[Any] = [
        models.BalanceTransaction,
        models.Delivery,
        models.Due,
        models.Fault,
        models.Grant,
        models.IdempotencyKey,
        models.LoggedRequest,
        models.Movement,
        models.ProviderAccount,
        models.Record,
        models.Setting,
    ]
    with writing():
        for table in tables:
            table.objects.all().delete()
        clock.set_right()
    return {"reset": True}


def _set_figures(
    row: ProviderAccount | None, slug: str, key: str, given: Answer
) -> ProviderAccount:
    """What is not given is worked out of the other two, or stays as it was."""
    old = row.figures if row else {"remaining": 0.0, "granted": 0.0, "used": 0.0}
    new: Answer = {name: number(given, name, old[name]) for name in FIGURES}
    if "remaining" not in given and ("granted" in given or "used" in given):
        new["remaining"] = new["granted"] - new["used"]
    if "granted" not in given and "remaining" in given:
        new["granted"] = new["remaining"] + new["used"]
    new["grants"] = _grants(old, new["granted"])
    if row is None:
        return ProviderAccount.objects.create(provider=slug, key=key, figures=new, earlier=new)
    row.earlier, row.figures = old, new
    row.save()
    return row


def _grants(old: Answer, granted: float) -> list[float]:
    """What was granted, each grant by itself: a rise is a new one, a fall starts afresh."""
    known = list(old.get("grants") or ([old["granted"]] if old["granted"] else []))
    if granted > old["granted"]:
        return [*known, round(granted - old["granted"], 9)]
    return known if granted == old["granted"] else [granted]
