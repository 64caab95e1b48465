"""What a moderator can do with a row, and the one way in which it is done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from accounts import authority, claims, dials, proposals
from accounts.models import MoneyDecision, Person, Proposal
from accounts.refusals import NotAllowed, Refusal, WrongState


class TooMany(Refusal):
    code = "too_many_decisions"
    status = 429
    message = (
        "You have decided about money as often as one person may within an hour. "
        "Somebody else goes on, or you do later."
    )


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
    # What is at stake, where two must agree from some amount on.
    cents: Callable[[Any, dict[str, Any]], int] | None = None
    # For whoever's case it is, and nobody else; the domain says who that is.
    by_its_party: bool = False
    # `do` is told who agreed, as `second`; in the rehearsal that is nobody.
    names_second: bool = False

    def blank(self, row: Any) -> Reasoned:
        """The form as it is first shown."""
        initial = self.begins_with(row) if self.begins_with else None
        return self.form(initial=initial, auto_id=f"{self.name}_%s")


@dataclass(frozen=True)
class Case:
    """A row that somebody would act on: which act, by its full name, and whose case it is."""

    row: Any
    action: str
    parties: set[int]
    subject: str
    title: str
    version: str

    @property
    def key(self) -> str:
        """What a claim calls the row."""
        return claims.key_of(self.action.rpartition(".")[0], self.row.pk)


def carry_out(act: Act, case: Case, *, actor: Person, form: Reasoned) -> Proposal | None:
    """Do it, with everything that it changes, or nothing: every act of the console comes by here.

    The actor's role is read anew and kept from changing meanwhile. Where the table asks for a
    second person, the act is not done but proposed, and the proposal is returned. Raises Refusal.
    """
    with transaction.atomic():
        actor = Person.objects.select_for_update(no_key=True).get(pk=actor.pk)
        parties = set() if act.by_its_party else case.parties
        rule = authority.require(actor, case.action, parties=parties)
        claims.require_free(case.key, actor=actor)
        claims.release(case.key, actor=actor)
        if rule.counted:
            _count(actor, case.action)
        cents = act.cents(case.row, form.cleaned_data) if act.cents else None
        if not rule.needs_two(cents, above_cents=dials.now("FOUR_EYES_ABOVE_CENTS")):
            assert not act.names_second, "this act always takes two"
            act.do(case.row, actor=actor, **form.cleaned_data)
            return None
        _rehearse(act, case, actor, form)
        return proposals.propose(
            _terms(case, form),
            actor=actor,
            subject=case.subject,
            title=f"{act.label}: {case.title}",
            parties=case.parties,
            cents=cents,
            reason=form.cleaned_data["reason"],
        )


def _rehearse(act: Act, case: Case, actor: Person, form: Reasoned) -> None:
    """Do it and undo it, so that whoever proposes it is told what would refuse it."""
    second = {"second": None} if act.names_second else {}
    with transaction.atomic():
        act.do(case.row, actor=actor, **form.cleaned_data, **second)
        transaction.set_rollback(True)


def _terms(case: Case, form: Reasoned) -> proposals.Terms:
    assert isinstance(form.data, QueryDict)
    posted = {name: form.data.getlist(name) for name in form.fields if name in form.data}
    return proposals.Terms(case.action, str(case.row.pk), case.version, posted)


def _count(actor: Person, action: str) -> None:
    """One more decision about money. Raises TooMany; the caller has locked the actor's row."""
    since = timezone.now() - timedelta(hours=1)
    lately = MoneyDecision.objects.filter(person=actor, at__gte=since).count()
    if lately >= dials.now("MONEY_DECISIONS_PER_HOUR"):
        raise TooMany
    MoneyDecision.objects.create(person=actor, action=action)


def agree(proposal: Proposal, *, actor: Person, digest: str, reason: str) -> None:
    """The second person agrees to exactly these terms, and they are carried out as the proposer's.

    Within the transaction of the act by which they agree. Both must still have the right, and
    neither is a party. Raises Refusal, with nothing changed.
    """
    act, case, form = _as_proposed(proposal)
    if not authority.may_second(actor, case.action):
        raise authority.NotYourRole
    if authority.is_party(actor, {*case.parties, *proposal.parties, proposal.proposed_by_id}):
        raise NotAllowed(authority.OWN_CASE)
    proposer = Person.objects.get(pk=proposal.proposed_by_id)
    authority.require(proposer, case.action, parties=case.parties)
    if not form.is_valid():
        raise WrongState("What was proposed is no longer possible.")
    terms = _terms(case, form)
    proposals.settle(
        proposal, actor=actor, state="agreed", reason=reason, agreed=digest, done=terms.digest
    )
    if authority.rule(case.action).counted:
        _count(actor, case.action)
    second = {"second": actor} if act.names_second else {}
    act.do(case.row, actor=proposer, **form.cleaned_data, **second)


def _as_proposed(proposal: Proposal) -> tuple[Act, Case, Reasoned]:
    """The act of a proposal on its row as it is now. Raises WrongState where that has changed."""
    terms = proposals.read(proposal)
    app, model, name = terms.action.split(".")
    known: Any = admin.site._registry[apps.get_model(app, model)]
    act = next(act for act in known.acts if act.name == name)
    row = known.model._default_manager.select_related(*known.related).filter(pk=terms.row).first()
    if row is None or known.version(row) != terms.version:
        raise WrongState("This has changed since it was proposed. Refuse it, and propose it anew.")
    return act, known.case(row, act), act.form(terms.posted())
