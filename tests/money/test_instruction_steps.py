"""Each step of a call to the processor, and every row that its answer writes."""

from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import Person
from payments import effects, instructions, webhooks
from payments.models import (
    Escrow,
    Freeze,
    Incident,
    Instruction,
    LedgerAudit,
    Payout,
    PayoutAccount,
    Posting,
    WebhookEvent,
)
from payments.processor import stripe as stripe_processor
from payments.processor.interface import Answer, OutcomeUnknown, ProcessorRefused
from tests.money.rows import Told, held, now

pytestmark = pytest.mark.django_db
ANSWER = Answer("re_1", "https://page")


@pytest.fixture
def paid(buyer: Person, seller: Person) -> Escrow:
    return held(buyer, seller)


def a_call(escrow: Escrow | None = None, kind: str = "refund", **fields: Any) -> Instruction:
    """Under way, as if it had just been claimed."""
    params = {"amount": 500, "currency": "usd", "charge": "ch_1", "transfer": "tr_1"}
    row = {"status": "sent", "tries": 1, "first_sent_at": Now()} | fields
    call = Instruction.objects.create(
        kind=kind, purpose=row.pop("purpose", f"{kind}:p"), params=params, escrow=escrow, **row
    )
    return now(call)


def in_seconds(call: Instruction) -> float:
    """From now until it is due."""
    rows = Instruction.objects.filter(pk=call.pk).annotate(wait=F("due_at") - Now())
    return rows.get().wait.total_seconds()


@pytest.mark.parametrize("kind", ["refund", "transfer", "payout", "reversal", "charge"])
def test_what_moves_money_carries_its_mark(kind: str) -> None:
    params = {"amount": 1}
    for _ in range(2):
        instructions.write(kind=kind, purpose="once", params=params, account="acct_1")
    call = Instruction.objects.get()
    assert call.params == {"amount": 1, "metadata": {"instruction": str(call.pk)}}
    assert (call.kind, call.purpose, call.account, call.status, call.tries) == (
        kind,
        "once",
        "acct_1",
        "ready",
        0,
    )
    assert params == {"amount": 1}


def test_what_moves_none_does_not() -> None:
    for kind in ("account", "checkout", "expire", "evidence"):
        instructions.write(kind=kind, purpose=kind, params={"a": 1})
    assert set(Instruction.objects.values_list("params__a", "params__metadata")) == {(1, None)}


def test_it_is_claimed_once(paid: Escrow) -> None:
    """Case 54: the same work is delivered twice."""
    call = a_call(paid, status="ready", tries=0, first_sent_at=None)
    claimed = instructions._claim(call.pk)
    assert claimed is not None
    assert (claimed.status, claimed.tries) == ("sent", 1)
    assert claimed.first_sent_at is not None
    assert 15 < in_seconds(claimed) <= 20
    assert instructions._claim(call.pk) is None
    Instruction.objects.update(due_at=Now())
    again = instructions._claim(call.pk)
    assert again is not None
    assert (again.tries, again.first_sent_at) == (2, claimed.first_sent_at)


def test_an_answer_is_recorded_once(paid: Escrow) -> None:
    told, call = Told(paid), a_call(paid, error="old")
    for _ in range(2):
        instructions._record(call, ANSWER)
    row = now(call)
    assert (row.status, row.remote_id, row.due_at, row.error) == ("done", "re_1", None, "")
    assert row.done_at is not None
    assert told.postings() == ["instruction:I | buyer:B > outside:cards 500 USD E"]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("transfer", "seller:S > account:S"),
        ("refund", "buyer:B > outside:cards"),
        ("reversal", "account:S > platform:losses"),
    ],
)
def test_what_moved_is_posted(paid: Escrow, kind: str, line: str) -> None:
    told = Told(paid)
    effects.record(a_call(paid, kind), ANSWER)
    assert told.postings() == [f"instruction:I | {line} 500 USD E"]


def test_a_payout_is_posted(paid: Escrow, seller: Person) -> None:
    payout = Payout.objects.create(person=seller, amount_cents=500, currency="USD")
    told = Told(paid)
    effects.record(a_call(None, "payout", person=seller, payout=payout), ANSWER)
    assert told.postings() == ["instruction:I | account:S > bank:S 500 USD None"]
    assert now(payout).remote_id == "re_1"


def test_what_moves_nothing_is_kept(paid: Escrow, buyer: Person) -> None:
    told = Told(paid)
    Escrow.objects.update(poll_due_at=None)
    effects.record(a_call(paid, "checkout"), ANSWER)
    row = now(paid)
    assert (row.checkout_id, row.checkout_url) == ("re_1", "https://page")
    assert row.poll_due_at is not None
    effects.record(a_call(paid, "checkout", purpose="q"), Answer("cs_2", ""))
    assert now(paid).checkout_id == "re_1"
    Escrow.objects.update(poll_due_at=None)
    effects.record(a_call(paid, "expire"), ANSWER)
    assert now(paid).poll_due_at is not None
    PayoutAccount.objects.create(person=buyer)
    for answer in (ANSWER, Answer("acct_2", "")):
        effects.record(a_call(None, "account", person=buyer, purpose=answer.remote_id), answer)
    assert PayoutAccount.objects.get(person=buyer).remote_id == "re_1"
    effects.record(a_call(paid, "evidence"), ANSWER)
    assert told.postings() == []


def test_a_refund_is_in_the_currency_of_its_charge(paid: Escrow) -> None:
    Posting.objects.create(
        key="charge:ch_2", source="a", destination="b", amount_cents=1, currency="EUR"
    )
    call = a_call(paid)
    assert effects.currency(call) == "USD"
    call.params["charge"] = "ch_2"
    assert effects.currency(call) == "EUR"
    assert effects.currency(Instruction(kind="payout", params={"currency": "eur"})) == "EUR"


@pytest.mark.parametrize("code", sorted(instructions.PASSING))
def test_a_refusal_that_passes_is_tried_again_under_another_key(paid: Escrow, code: str) -> None:
    call = a_call(paid)
    instructions._record_refusal(call, ProcessorRefused(code, "Not now."))
    row = now(call)
    assert (row.status, row.attempt, row.first_sent_at) == ("ready", 2, None)
    assert (row.error, row.key) == (f"{code}: Not now.", "refund:p:2")
    assert 0 < in_seconds(row) <= 2.5
    assert Told(paid).incidents() == ["refused:refund:p refused_by_processor E open"]


def test_the_reasons_that_pass() -> None:
    """docs.stripe.com/error-codes: what waiting can change."""
    assert {
        "balance_insufficient",
        "insufficient_funds",
        "insufficient_capabilities_for_transfer",
        "charge_disputed",
        "account_closed",
        "lock_timeout",
        "idempotency_key_in_use",
    } == instructions.PASSING


def test_a_refusal_for_good_waits_for_a_person(paid: Escrow) -> None:
    call = a_call(paid)
    instructions._record_refusal(call, ProcessorRefused("resource_missing", "Gone."))
    row = now(call)
    assert (row.status, row.attempt, row.due_at) == ("refused", 1, None)
    assert row.error == "resource_missing: Gone."
    assert Told(paid).incidents() == ["refused:refund:p refused_by_processor E open"]


def test_what_was_done_meanwhile_is_not_refused(paid: Escrow) -> None:
    call = a_call(paid)
    Instruction.objects.filter(pk=call.pk).update(status="done", due_at=None)
    for code in ("lock_timeout", "resource_missing"):
        instructions._record_refusal(call, ProcessorRefused(code, ""))
    instructions._record_doubt(call, OutcomeUnknown("?"))
    assert (now(call).status, now(call).due_at, now(call).error) == ("done", None, "")


@pytest.mark.parametrize("kind", ["reversal", "refund", "payout", "expire"])
def test_a_refusal_after_the_outcome_means_nothing(paid: Escrow, seller: Person, kind: str) -> None:
    """Case 54: somebody slower was refused what somebody else had done."""
    told = Told(paid)
    payout = Payout.objects.create(person=seller, amount_cents=500, currency="USD")
    links = {"person": seller, "payout": payout} if kind == "payout" else {}
    call = a_call(None if links else paid, kind, **links)
    Instruction.objects.filter(pk=call.pk).update(status="done", due_at=None)
    Escrow.objects.update(poll_due_at=None)
    instructions._record_refusal(call, ProcessorRefused("x", ""))
    assert (now(call).status, told.postings(), told.incidents()) == ("done", [], [])
    assert (now(payout).status, now(paid).poll_due_at) == ("pending", None)


def test_an_event_that_was_followed_up_meanwhile_is_not_set_aside() -> None:
    event = WebhookEvent.objects.create(event_id="evt_1", type="payout.paid", tries=10)
    WebhookEvent.objects.update(processed_at=Now(), due_at=None)
    webhooks._later(event, "lost")
    assert (now(event).due_at, now(event).error) == (None, "")
    WebhookEvent.objects.update(processed_at=None)
    webhooks._later(event, "lost")
    assert (now(event).due_at, now(event).error) == (None, "lost")
    assert [one.key for one in Incident.objects.all()] == ["webhook:evt_1"]


@pytest.mark.parametrize(
    ("status", "body", "seen"),
    [
        (404, {"error": {}}, ProcessorRefused),
        (402, {"error": {}}, ProcessorRefused),
        (404, None, OutcomeUnknown),
        *[(status, {"error": {}}, OutcomeUnknown) for status in (200, 401, 403, 409, 429, 500)],
        (None, None, OutcomeUnknown),
    ],
)
def test_what_is_a_refusal(status: int | None, body: Any, seen: type[Exception]) -> None:
    """Case 56: neither the page of somebody between us nor half an answer says what was done."""
    error = stripe.StripeError("No.", http_status=status, json_body=body)
    with pytest.raises(seen), stripe_processor._translated():
        raise error


def test_a_page_that_closed_by_itself_is_asked_about(paid: Escrow) -> None:
    told = Told(paid)
    Escrow.objects.update(poll_due_at=None)
    instructions._record_refusal(a_call(paid, "expire"), ProcessorRefused("x", ""))
    assert now(paid).poll_due_at is not None
    instructions._record_refusal(a_call(paid, "evidence"), ProcessorRefused("x", ""))
    assert (told.incidents(), told.postings()) == ([], [])


@pytest.mark.parametrize("code", ["balance_insufficient", "x"])
def test_what_cannot_be_taken_back_is_owed(paid: Escrow, code: str) -> None:
    """Case 39: the reversal is refused, however kindly."""
    told, call = Told(paid), a_call(paid, "reversal")
    instructions._record_refusal(call, ProcessorRefused(code, ""))
    assert told.postings() == ["instruction:I:owed | debt:S > platform:losses 500 USD E"]
    assert (now(call).status, now(call).due_at, told.incidents()) == ("called_off", None, [])


@pytest.mark.parametrize(("there", "waits"), [(500, True), (499, False)])
def test_a_payout_waits_while_its_amount_is_there(
    paid: Escrow, seller: Person, there: int, waits: bool
) -> None:
    """Case 40: refused for want of money, it stays owed, and is told."""
    Posting.objects.create(
        key="k",
        source="x",
        destination=f"account:{seller.pk}",
        amount_cents=there,
        currency="USD",
    )
    payout = Payout.objects.create(person=seller, amount_cents=500, currency="USD")
    call = a_call(None, "payout", person=seller, payout=payout)
    instructions._record_refusal(call, ProcessorRefused("balance_insufficient", "Short."))
    assert now(call).status == ("ready" if waits else "refused")
    failed = ("pending", "") if waits else ("failed", "balance_insufficient: Short.")
    assert (now(payout).status, now(payout).failure) == failed
    assert Told(paid).incidents() == ["refused:payout:p refused_by_processor None open"]


def test_doubt_is_tried_again_under_the_same_key(paid: Escrow) -> None:
    """Case 56: a stored failure is looked up first, and repeated under a new key only then."""
    call = a_call(paid)
    instructions._record_doubt(call, OutcomeUnknown("lost"))
    assert (now(call).status, now(call).attempt, now(call).error) == ("sent", 1, "lost")
    assert 0 < in_seconds(call) <= 2.5
    for attempt in (1, 2):
        instructions._record_doubt(now(call), OutcomeUnknown("500", replayed=True))
        assert (now(call).attempt, now(call).error) == (attempt, "replayed: 500")


@pytest.mark.parametrize(("tries", "seconds"), [(1, 2), (2, 4), (5, 32), (11, 2048), (12, 3600)])
def test_it_waits_twice_as_long_each_time(tries: int, seconds: int) -> None:
    waits = [instructions._wait(Instruction(tries=tries)).total_seconds() for _ in range(200)]
    assert seconds * 0.75 <= min(waits) < seconds * 0.85
    assert seconds * 1.15 < max(waits) <= seconds * 1.25


@pytest.mark.parametrize(("tries", "left"), [(9, True), (10, False)])
def test_what_breaks_our_code_is_set_aside_in_the_end(paid: Escrow, tries: int, left: bool) -> None:
    """Case 55."""
    call = a_call(paid, tries=tries)
    instructions._set_back(call.pk, KeyError("x"))
    assert (now(call).status, now(call).error) == ("sent", "KeyError('x')")
    assert (now(call).due_at is not None) == left
    aside = "set_aside:refund:p instruction_set_aside E open"
    assert Told(paid).incidents() == ([] if left else [aside])


def test_what_is_done_is_not_set_back(paid: Escrow) -> None:
    call = a_call(paid, tries=10, status="done", due_at=None)
    instructions._set_back(call.pk, KeyError("x"))
    assert (now(call).due_at, now(call).error, Told(paid).incidents()) == (None, "", [])


def test_nothing_is_looked_up_that_the_key_still_tells(paid: Escrow) -> None:
    young = a_call(paid, tries=2, first_sent_at=Now() - timedelta(hours=22, minutes=59))
    assert instructions._already_done(young) is None
    first = a_call(paid, purpose="q", attempt=2, first_sent_at=Now() - timedelta(days=2))
    assert instructions._already_done(first) is None


def test_the_oldest_is_due_first_and_what_pays_stops_with_the_brake(paid: Escrow) -> None:
    """Case 57: payouts are frozen while the books differ; refunds go on."""
    late = {"due_at": Now() - timedelta(seconds=5)}
    calls = {
        kind: a_call(paid, kind, status="ready", **(late if kind == "payout" else {}))
        for kind in ("refund", "transfer", "payout", "reversal")
    }
    a_call(paid, purpose="later", due_at=Now() + timedelta(seconds=60))
    a_call(paid, purpose="never", due_at=None)
    every = [calls[kind].pk for kind in ("payout", "refund", "transfer", "reversal")]
    assert instructions.due() == every
    LedgerAudit.objects.create(is_clean=False)
    assert instructions.due() == [every[1], every[3]]
    LedgerAudit.objects.create(is_clean=True)
    Freeze.objects.create(reason="x", begun_by=paid.buyer)
    assert instructions.due() == [every[1], every[3]]
    Freeze.objects.update(ended_at=Now())
    Escrow.objects.update(contested_at=Now())
    assert instructions.due() == [every[0], every[1], every[3]]
