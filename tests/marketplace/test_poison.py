"""An instruction that breaks our own code is set aside, shown, and does not stop the others."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from accounts.models import AuditEntry, Person
from marketplace import sweeps
from marketplace.console import queue
from payments import instructions, repairs
from payments.models import Incident, Instruction, InstructionStatus
from payments.processor import processor

pytestmark = pytest.mark.django_db
SENT = InstructionStatus.SENT


@pytest.fixture
def _nobody_answers(settings: LazySettings) -> Iterator[None]:
    """A processor that nothing reaches: every call of a known kind has no answer."""
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    processor.cache_clear()
    yield
    processor.cache_clear()


def an_instruction(kind: str, purpose: str) -> Instruction:
    return Instruction.objects.create(kind=kind, purpose=purpose, params={"checkout": "cs_1"})


@pytest.mark.usefixtures("_nobody_answers")
def test_poison_is_set_aside_and_the_others_go_on(moderator: Person) -> None:
    """Case 55."""
    poison = [an_instruction("nonsense", f"nonsense:{n}") for n in range(3)]
    for number in range(1, instructions.TRIES + 1):
        good = an_instruction("expire", f"expire:{number}")
        Instruction.objects.filter(kind="nonsense").update(due_at=Now())
        assert sweeps.sweep()["instructions"] == 1
        good.refresh_from_db()
        assert (good.tries, good.status) == (1, SENT)
        good.delete()
        poison[0].refresh_from_db()
        assert poison[0].tries == number
    assert poison[0].due_at is None
    assert set(Incident.objects.values_list("kind", flat=True)) == {"instruction_set_aside"}
    shown = [item.title for item in queue.items(moderator, queue.View())]
    assert sum(title.startswith("Stuck") for title in shown) == len(shown) == 3
    repairs.send_again(poison[0], actor=moderator, reason="The code was corrected.")
    poison[0].refresh_from_db()
    assert (poison[0].status, poison[0].attempt) == (SENT, 1), "under the key that it had"
    assert poison[0].pk in instructions.due()
    assert AuditEntry.objects.filter(act="instruction_sent_again").exists()
    assert Incident.objects.filter(closed_at=None).count() == 2


def test_what_failed_together_does_not_return_together() -> None:
    waits = {
        instructions._wait(Instruction(kind="expire", purpose=str(n), tries=5)) for n in range(50)
    }
    assert len(waits) > 10
    assert max(waits) <= 1.25 * min(waits) / 0.75
    assert instructions._wait(Instruction(tries=50)) <= 1.25 * instructions.LONGEST_WAIT
