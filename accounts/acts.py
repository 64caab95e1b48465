"""What a moderator can do with a row, and the one way in which it is done."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import transaction

from accounts import authority
from accounts.models import Person


class Reasoned(forms.Form):
    """Whoever decides says why; the audit keeps it."""

    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Give a reason."},
    )


def always(row: Any, person: Person) -> bool:
    return True


@dataclass(frozen=True)
class Act:
    """Something a moderator can do with a row.

    `name` ends its address, `label` is on its button, `done` is said afterwards; `do` is called
    with the row, the actor and the cleaned form. `fits` says whether a page offers it, no more:
    who may do it is in `roles.toml`. What moves money is only for somebody who has just shown
    their second factor.
    """

    name: str
    label: str
    done: str
    do: Callable[..., object]
    form: type[Reasoned] = Reasoned
    tone: str = ""
    hint: str = ""
    fits: Callable[[Any, Person], bool] = always
    begins_with: Callable[[Any], dict[str, Any]] | None = None
    moves_money: bool = False

    def blank(self, row: Any) -> Reasoned:
        """The form as it is first shown."""
        initial = self.begins_with(row) if self.begins_with else None
        return self.form(initial=initial, auto_id=f"{self.name}_%s")


@dataclass(frozen=True)
class Case:
    """A row that somebody would act on: which act, by its full name, and whose case it is."""

    row: Any
    action: str
    parties: Iterable[int | None]


def carry_out(act: Act, case: Case, *, actor: Person, given: dict[str, Any]) -> None:
    """Do it, with everything that it changes, or nothing: every act of the console comes by here.

    The actor's role is read anew and kept from changing meanwhile. Raises Refusal.
    """
    with transaction.atomic():
        actor = Person.objects.select_for_update(no_key=True).get(pk=actor.pk)
        authority.require(actor, case.action, parties=case.parties)
        act.do(case.row, actor=actor, **given)
