"""Providers in the console: read-only but for the resale policy."""

import hashlib
from typing import Any, ClassVar

from django import forms
from django.contrib import admin

from accounts.console import Act, ConsoleAdmin, Reasoned
from accounts.models import Person
from providers.models import Provider
from providers.policy import change_policy
from providers.vocabulary import ResalePolicy

# As far as affected offers are counted, and as many as are named.
COUNTED, SHOWN = 1000, 20


class PolicyForm(Reasoned):
    """What the terms say now, in a sentence, and where they say it."""

    policy = forms.ChoiceField(label="Resale policy", choices=ResalePolicy.choices)
    clause = forms.CharField(
        label="What the terms say",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="In our words; sellers and buyers read this.",
    )
    source = forms.URLField(label="Source", required=False, max_length=400, assume_scheme="https")
    field_order = ("policy", "clause", "source", "reason")


def _change(provider: Provider, *, actor: Person, **changes: str) -> None:
    change_policy(provider=provider, actor=actor, **changes)


def _as_it_is(provider: Provider) -> dict[str, str]:
    return {
        "policy": provider.resale_policy,
        "clause": provider.policy_clause,
        "source": provider.policy_source,
    }


@admin.register(Provider)
class ProviderAdmin(ConsoleAdmin):
    page_template = "console/provider.html"
    list_display = ("name", "resale_policy", "policy_checked_on", "decided_by", "facts_of")
    list_filter = ("resale_policy", "policy_overridden", "category", "retired")
    search_fields = ("slug", "name")
    search_help_text = "Name"
    facts: ClassVar = [
        ("Provider", ("name", "slug", "category", "homepage", "confidence", "checked_on")),
        (
            "Resale policy",
            (
                "resale_policy",
                "policy_sentence",
                "policy_clause",
                "policy_source",
                "policy_checked_on",
                "policy_overridden",
            ),
        ),
    ]
    acts: ClassVar = [
        Act(
            name="policy",
            label="Change the policy",
            done="The policy is changed. Live offers that now lack a consent are being paused.",
            do=_change,
            form=PolicyForm,
            begins_with=_as_it_is,
        ),
    ]

    @admin.display(description="Policy by")
    def decided_by(self, provider: Provider) -> str:
        return "A moderator" if provider.policy_overridden else "The catalogue"

    @admin.display(description="Facts by")
    def facts_of(self, provider: Provider) -> str:
        if provider.retired:
            return "Retired"
        return f"Edition {provider.edition_id}" if provider.edition_id else "The catalogue"

    @admin.display(description="What it means")
    def policy_sentence(self, provider: Provider) -> str:
        return provider.policy_sentence

    def version(self, row: Any) -> str:
        known = f"{row.resale_policy}|{row.policy_clause}|{row.policy_source}"
        return hashlib.sha256(known.encode()).hexdigest()[:16]

    def more(self, row: Any) -> dict[str, Any]:
        return {
            "changes": row.policy_changes.select_related("actor")[:20],
            # What a change may take off the market.
            "live_offers": min(row.listings.filter(status="live")[: COUNTED + 1].count(), COUNTED),
            "counted": COUNTED,
            "affected": row.listings.filter(status="live")
            .select_related("seller")
            .order_by("-created_at", "-id")[:SHOWN],
        }
