"""In the console: concluding from what the parties of a trade handed in."""

from typing import Any

from django import forms

from accounts.console import Act, Reasoned
from orders import weighing
from orders.models import Order, Verdict

VERDICTS = [
    (Verdict.VERIFIED, "They show that all of it arrived"),
    (Verdict.REFUTED, "They show that it did not arrive as agreed"),
    (Verdict.INCONCLUSIVE, "They do not say"),
]


class WeighingForm(Reasoned):
    """What the documents show, and what of them shows it."""

    verdict = forms.ChoiceField(
        label="What do the documents show?",
        choices=VERDICTS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what they show."},
    )
    field_order = ("verdict", "reason")


def _at_stake(order: Order, given: dict[str, Any]) -> int:
    """All that is held, unless it stays as open as it was: by what the documents show, time
    decides (`decisions.toml`), whichever way.
    """
    settles = (Verdict.VERIFIED, Verdict.REFUTED)
    return order.escrow.held_cents if {given["verdict"], order.verdict} & {*settles} else 0


ACT = Act(
    name="weighing",
    label="Conclude",
    done="Written into the verification report, and both parties are told.",
    do=weighing.conclude,
    form=WeighingForm,
    hint="Read what was handed in first. The reason stands in the report that both parties can"
    " show to others: name nobody.",
    fits=lambda row, person: weighing.may_conclude(row),
    moves_money=True,
    cents=_at_stake,
)
