"""The way of one call: claimed, looked up where the key may be forgotten, sent, and recorded."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from payments import escrow, failpoints, instructions, restored
from payments.models import Escrow, Incident, Instruction, Restore
from payments.processor.interface import Answer, Moved, OutcomeUnknown, ProcessorRefused
from tests.money.rows import held, now
from tests.money.test_instruction_steps import a_call, in_seconds

pytestmark = pytest.mark.django_db
WAY = ["instruction claimed", "instruction answered", "instruction recording"]


class Stripe:
    """In the place of the processor, which is asked in tests/payments/test_instructions.py."""

    def __init__(self, sent: Any = None, found: Any = None) -> None:
        self.outcomes, self.calls = {"send": sent, "find": found}, list[Any]()
        self.moves: list[Moved] = []

    def __call__(self) -> "Stripe":
        return self

    def _said(self, what: str, *given: Any) -> Any:
        self.calls.append((what, *given))
        said = self.outcomes[what]
        if isinstance(said, Exception):
            raise said
        return said

    def send(self, kind: str, *, key: str, params: Any, account: str) -> Any:
        return self._said("send", kind, key, params, account)

    def find(self, kind: str, *, instruction: str, params: Any, account: str) -> Any:
        return self._said("find", kind, instruction, params, account)

    def moved(self, *, group: str, charge: str) -> list[Moved]:
        self.calls.append(("moved", group, charge))
        return self.moves

    def payouts(self, *, account: str) -> list[Moved]:
        self.calls.append(("payouts", account))
        return self.moves


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> Stripe:
    found = Stripe(sent=Answer("re_1"))
    for module in (instructions, restored):
        monkeypatch.setattr(module, "processor", found)
    return found


@pytest.fixture
def paid(buyer: Person, seller: Person) -> Escrow:
    return held(buyer, seller)


@pytest.fixture
def call(paid: Escrow) -> Instruction:
    """Due, and never sent."""
    return a_call(paid, status="ready", tries=0, first_sent_at=None, account="acct_1")


def carried_out(call: Instruction) -> tuple[Instruction, list[str]]:
    places: list[str] = []
    with failpoints.watched(places.append):
        return instructions.carry_out(call.pk), places


def test_it_is_sent_and_recorded(stripe: Stripe, call: Instruction) -> None:
    done, places = carried_out(call)
    assert stripe.calls == [("send", "refund", "refund:p", call.params, "acct_1")]
    assert (done.status, done.remote_id, done.tries) == ("done", "re_1", 1)
    assert places == [*WAY, "instruction recorded"]
    # Nobody is at it any more, and it is not due.
    again, places = carried_out(call)
    assert (again.pk, again.status, places, len(stripe.calls)) == (call.pk, "done", [], 1)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(ProcessorRefused("x", "No."), "refused"), (OutcomeUnknown("Lost."), "sent"), (None, None)],
)
def test_whatever_comes_of_it(
    stripe: Stripe, call: Instruction, outcome: Any, status: str | None
) -> None:
    stripe.outcomes["send"] = outcome
    done, places = carried_out(call)
    assert done.status == (status or "called_off")
    assert (done.due_at is None) == (status != "sent")
    assert places[0] == WAY[0]
    assert places[-1] == "instruction recorded"
    assert (WAY[1] in places) == (outcome is None)


def test_what_was_left_stays_as_it_ended(stripe: Stripe, call: Instruction) -> None:
    Instruction.objects.update(status="done")
    instructions._leave(call)
    assert now(call).status == "done"


@pytest.mark.parametrize(
    ("changes", "asks"),
    [
        ({"first_sent_at": Now() - timedelta(hours=22, minutes=59)}, False),
        ({"first_sent_at": Now() - timedelta(hours=23, minutes=1)}, True),
        ({"attempt": 2}, True),
        ({"error": "replayed: 500"}, True),
        ({"error": "500 replayed: "}, False),
    ],
)
def test_it_is_looked_up_where_the_key_no_longer_tells(
    stripe: Stripe, call: Instruction, changes: dict[str, Any], asks: bool
) -> None:
    """Case 56."""
    sent = {"status": "sent", "tries": 1, "first_sent_at": Now(), "due_at": Now()} | changes
    Instruction.objects.filter(pk=call.pk).update(**sent)
    stripe.outcomes["find"] = Answer("re_2")
    done, _ = carried_out(call)
    key = "refund:p:2" if "attempt" in changes else "refund:p"
    find = ("find", "refund", str(call.pk), call.params, "acct_1")
    send = ("send", "refund", key, call.params, "acct_1")
    assert stripe.calls == [find if asks else send]
    assert (done.status, done.remote_id) == ("done", "re_2" if asks else "re_1")


def test_what_is_not_found_is_sent_again(stripe: Stripe, call: Instruction) -> None:
    Instruction.objects.filter(pk=call.pk).update(tries=1, attempt=2)
    done, _ = carried_out(call)
    assert [said[0] for said in stripe.calls] == ["find", "send"]
    assert done.status == "done"


def test_who_refuses_to_look_has_not_refused_to_do(stripe: Stripe, call: Instruction) -> None:
    Instruction.objects.filter(pk=call.pk).update(tries=1, attempt=2, status="sent")
    stripe.outcomes["find"] = ProcessorRefused("rate", "Not so fast.")
    done, _ = carried_out(call)
    assert (done.status, done.error) == ("sent", "Not so fast.")
    assert not Incident.objects.exists()


def test_a_charge_that_nobody_waits_for_is_only_looked_for(stripe: Stripe, paid: Escrow) -> None:
    charge = a_call(paid, "charge", account="acct_1", due_at=Now())
    done, _ = carried_out(charge)
    assert [said[:3] for said in stripe.calls] == [("find", "charge", str(charge.pk))]
    assert stripe.calls[0][3:] == (charge.params, "acct_1")
    assert done.status == "called_off"


def test_after_a_restore_it_is_looked_for_first(stripe: Stripe, call: Instruction) -> None:
    Restore.objects.create()
    stripe.moves = [Moved("refund", "re_7", str(call.pk), 500)]
    done, _ = carried_out(call)
    assert [said[0] for said in stripe.calls] == ["moved"]
    assert (done.status, done.remote_id) == ("done", "re_7")


def test_one_that_breaks_does_not_stop_the_others(
    stripe: Stripe, call: Instruction, paid: Escrow, caplog: pytest.LogCaptureFixture
) -> None:
    """Case 55."""
    # Of no escrow: it cannot be booked.
    broken = a_call(None, "reversal", status="ready", tries=0, due_at=Now() - timedelta(hours=1))
    with caplog.at_level(logging.ERROR):
        assert instructions.carry_out_due() == 1
    assert (now(call).status, now(broken).status) == ("done", "sent")
    assert now(broken).error.startswith("AssertionError")
    assert 0 < in_seconds(broken) <= 2.5
    assert str(broken.pk) in caplog.text
    assert instructions.carry_out_due() == 0


def test_at_most_a_hundred_at_a_time(paid: Escrow) -> None:
    Instruction.objects.bulk_create(
        Instruction(kind="refund", purpose=f"p{n}", params={}, escrow=paid) for n in range(102)
    )
    assert len(instructions.due()) == 100


def test_it_belongs_to_the_decision(paid: Escrow) -> None:
    escrow.release(paid, actor=None, reason="")
    sent = Instruction.objects.get(kind="transfer")
    with transaction.atomic():
        instructions.write_transfer(paid, 5, purpose="more")
    more = Instruction.objects.get(purpose="more")
    assert more.params | {"amount": 0, "metadata": 0} == sent.params | {"amount": 0, "metadata": 0}
    assert more.params["amount"] == 5
