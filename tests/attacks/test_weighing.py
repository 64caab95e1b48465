"""What a moderator concludes alone must not move by default what two would have to decide."""

import pytest
from django.test import override_settings

from accounts.models import Person, Proposal
from accounts.refusals import NotAllowed
from orders import conversation, weighing
from orders.models import Verdict
from tests.console.conftest import signed_in
from tests.factories import a_person
from tests.orders.quarrels import a_disputed_order, a_sent_order, now
from tests.orders.test_weighing import REASON, a_documented_order, conclude


@pytest.mark.parametrize("make", [a_sent_order, a_disputed_order])
@pytest.mark.parametrize(
    ("before", "verdict", "needs_two"),
    [
        ("", Verdict.VERIFIED, True),
        # Nobody decides, the clock runs out: by the table the buyer gets everything back.
        ("", Verdict.REFUTED, True),
        (Verdict.REFUTED, Verdict.INCONCLUSIVE, True),
        ("", Verdict.INCONCLUSIVE, False),
    ],
)
@override_settings(FOUR_EYES_ABOVE_CENTS=1)
def test_what_turns_the_default_needs_two(
    buyer: Person,
    moderator: Person,
    make: object,
    before: str,
    verdict: str,
    needs_two: bool,
) -> None:
    order = a_documented_order(buyer, make=make)  # type: ignore[arg-type]
    if before:
        conclude(order, moderator, before)
    desk, path = signed_in(moderator), f"/console/orders/order/{order.pk}/"
    desk.post(f"{path}private/", {"reason": "Documents to compare."})
    desk.post(f"{path}weighing/", {"verdict": verdict, "reason": REASON})
    assert Proposal.objects.exists() == needs_two
    assert now(order).verdict == (before if needs_two else verdict)


def test_nobody_overwrites_a_conclusion_that_they_have_not_seen(
    buyer: Person, moderator: Person
) -> None:
    order, other = a_documented_order(buyer), a_person(name="Mia", is_staff=True)
    conversation.look(order, actor=other, reason="Documents to compare.")
    conclude(order, moderator, Verdict.REFUTED)
    with pytest.raises(NotAllowed, match="something new"):
        weighing.conclude(order, actor=other, verdict=Verdict.VERIFIED, reason=REASON)
    assert (now(order).status, now(order).verdict) == ("transferred", "refuted")
    conclude(order, other, Verdict.VERIFIED)
    assert now(order).status == "verified"
