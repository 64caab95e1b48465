"""Proposals in the console: what somebody wants done, for a second person to agree to."""

from typing import Any, ClassVar

from django import forms
from django.apps import apps
from django.contrib import admin

from accounts import acts, proposals
from accounts.console import Act, ConsoleAdmin, Reasoned
from accounts.models import Person, Proposal


class Agreeing(Reasoned):
    """The hash that was on the page, and why."""

    digest = forms.CharField(widget=forms.HiddenInput)


def _waits(proposal: Proposal, person: Person) -> bool:
    return proposal.state == Proposal.State.OPEN


def _for_another(proposal: Proposal, person: Person) -> bool:
    return _waits(proposal, person) and person.pk != proposal.proposed_by_id


def _for_the_proposer(proposal: Proposal, person: Person) -> bool:
    return _waits(proposal, person) and person.pk == proposal.proposed_by_id


class Withdrawing(Reasoned):
    """A form of its own: only its proposer sees it."""


@admin.register(Proposal)
class ProposalAdmin(ConsoleAdmin):
    page_template = "console/proposal.html"
    list_display = ("proposed_at", "title", "proposed_by", "state", "decided_by")
    list_filter = ("state",)
    list_select_related = ("proposed_by", "decided_by")
    related = ("proposed_by", "decided_by")
    search_fields = ("subject__exact", "digest__exact")
    search_help_text = "Subject such as listing:…, or hash"
    facts: ClassVar = [
        ("Proposal", ("title", "state", "proposed_by", "proposed_at", "expires_at", "digest")),
        ("Decision", ("decided_by", "decided_at", "decision", "executed_digest")),
    ]
    acts: ClassVar = [
        Act(
            name="agreement",
            label="Agree and do it",
            done="Agreed, and done exactly as proposed.",
            do=acts.agree,
            form=Agreeing,
            moves_money=True,
            hint="It is done as its proposer's act, with the terms on this page and no others.",
            begins_with=lambda proposal: {"digest": proposal.digest},
            fits=_for_another,
        ),
        Act(
            name="refusal",
            label="Refuse",
            done="Refused: nothing is done.",
            do=proposals.refuse,
            tone="danger",
            fits=_for_another,
        ),
        Act(
            name="withdrawal",
            label="Withdraw",
            done="Withdrawn: nothing is done.",
            do=proposals.withdraw,
            form=Withdrawing,
            tone="quiet",
            by_its_party=True,
            hint="You proposed this, so somebody else has to agree.",
            fits=_for_the_proposer,
        ),
    ]

    def parties_of(self, row: Any) -> set[int]:
        return {*row.parties, row.proposed_by_id}

    def barred(self, row: Any, person: Person) -> str:
        return "" if _for_the_proposer(row, person) else super().barred(row, person)

    def version(self, row: Any) -> str:
        return f"{row.state}:{row.digest}"

    def subject(self, row: Any) -> str:
        return str(row.subject)

    def more(self, row: Any) -> dict[str, Any]:
        terms = proposals.read(row)
        app, model, name = terms.action.split(".")
        known: Any = self.admin_site._registry[apps.get_model(app, model)]
        act = next(act for act in known.acts if act.name == name)
        about = known.model._default_manager.filter(pk=terms.row).first()
        form = act.form(terms.posted())
        return {
            "act": act,
            "about": about,
            "about_url": known.address(about) if about else "",
            "stale": about is None or known.version(about) != terms.version,
            "given": [
                (field.label, (about and known.in_terms(about, field)) or _shown(field))
                for field in form
            ],
        }


def _shown(field: forms.BoundField) -> str:
    """What was chosen or written, in the words of the form."""
    choices = dict(getattr(field.field, "choices", ()))
    value = field.value()
    return str(choices.get(value, value) or "none")
