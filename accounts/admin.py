"""People, what was done about them, and what they were told, in the console."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from accounts import admin_proposals as admin_proposals  # a further page of the console
from accounts import (
    appointing,
    audit,
    audit_export,
    authority,
    granting,
    one_person,
    restrictions,
    searching,
    suspension,
)
from accounts.console import Act, ConsoleAdmin, Reasoned
from accounts.models import (
    ApiToken,
    AuditEntry,
    Likeness,
    Notification,
    Person,
    Standing,
    Tier,
)
from accounts.restriction_forms import Lifting, Restricting, Suspending


class Granting(Reasoned):
    """A standing, and why."""

    tier = forms.ChoiceField(label="Counts as", choices=Tier)


class Appointing(Reasoned):
    """A role in the console, and why."""

    role = forms.ChoiceField(
        label="Role in the console",
        required=False,
        choices=[("", "None: no way into the console"), *Person.Role.choices],
    )
    field_order = ("role", "reason")


@admin.register(Person)
class PersonAdmin(ConsoleAdmin):
    page_template = "console/person.html"
    list_display = ("email", "name", "is_active", "role", "joined_at")
    list_filter = ("is_active", "role")
    parties: ClassVar = ("pk",)
    search_fields = ("email",)
    search_help_text = "Number, beginning of an e-mail, or words of a name"
    ordering = ("-id",)
    facts: ClassVar = [
        (
            "Person",
            (
                "id",
                "email",
                "name",
                "is_active",
                "role",
                "joined_at",
                "last_login",
            ),
        ),
    ]
    acts: ClassVar = [
        Act(
            name="suspension",
            label="Suspend",
            done="Suspended: neither sessions nor tokens of this person open anything now.",
            do=suspension.suspend,
            form=Suspending,
            tone="danger",
            hint="They are signed out at once. Their offers and trades go on as they are.",
            fits=lambda person, actor: person.is_active,
        ),
        Act(
            name="reinstatement",
            label="Lift the suspension",
            done="Reinstated: this person can sign in again.",
            do=suspension.reinstate,
            fits=lambda person, actor: (
                not person.is_active and not suspension.closed_for_good(person)
            ),
        ),
        Act(
            name="restriction",
            label="Stop this",
            done="Stopped. They are told why and until when.",
            do=restrictions.restrict,
            form=Restricting,
            tone="danger",
            hint="What is under way goes on. They read the reason.",
        ),
        Act(
            name="lifting",
            label="Allow this again",
            done="Lifted. They are told.",
            do=restrictions.lift,
            form=Lifting,
            fits=lambda person, actor: bool(restrictions.of(person)),
        ),
        Act(
            name="standing",
            label="Grant a standing",
            done="Granted. Limits and cooling-off times go by it from now on.",
            do=granting.grant,
            form=Granting,
            hint="They count as this at least; what their trades earn goes beyond it.",
            begins_with=lambda person: {
                "tier": (getattr(person, "standing", None) or Standing()).granted
            },
        ),
        Act(
            name="role",
            label="Give this role",
            done="Done. It holds from their next request on.",
            do=appointing.appoint,
            form=Appointing,
            hint="What each role may do is in the handbook's table of roles and acts.",
            begins_with=lambda person: {"role": person.role},
        ),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return searching.people(queryset, search_term.strip()), False

    def barred(self, row: Any, person: Person) -> str:
        if row.is_staff and not person.is_superuser:
            return "Only an administrator may suspend or reinstate a moderator."
        return super().barred(row, person)

    def version(self, row: Any) -> str:
        return f"{row.role}:{row.is_active}"

    def more(self, row: Any) -> dict[str, Any]:
        tokens = ApiToken.objects.filter(person=row).order_by("-id")
        return {
            "standing": Standing.objects.filter(person=row).first(),
            "account": getattr(row, "payout_account", None),
            "tokens": tokens.defer("digest")[:20],
            "merged": row.merged.order_by("pk"),
            "restrictions": row.restrictions.select_related("by")[:20],
            "cases": Likeness.objects.filter(Q(first=row) | Q(second=row))[:20],
            "addresses": row.emailaddress_set.order_by("id"),
            "identities": row.socialaccount_set.order_by("id").values("provider", "date_joined"),
        }


@admin.register(Likeness)
class LikenessAdmin(ConsoleAdmin):
    """Two accounts that may be one person's, side by side."""

    page_template = "console/likeness.html"
    list_display = ("raised_at", "first", "second", "evidence", "decision")
    list_filter = ("decision",)
    list_select_related = ("first", "second")
    related = ("first", "second", "decided_by")
    parties: ClassVar = ("first_id", "second_id")
    people: ClassVar = ("first", "second")
    search_fields = ("first__email__exact",)
    search_help_text = "A whole e-mail"
    ordering = ("-raised_at",)
    facts: ClassVar = [("Case", ("raised_at", "decision", "decided_by", "decided_at"))]
    acts: ClassVar = [
        Act(
            name="same",
            label="The same person",
            done="Decided: these two can no longer trade with each other.",
            do=partial(one_person.decide, decision=Likeness.SAME),
            tone="danger",
            fits=lambda case, actor: not case.decision,
        ),
        Act(
            name="different",
            label="Different people",
            done="Decided: two people. New evidence opens the case again.",
            do=partial(one_person.decide, decision=Likeness.DIFFERENT),
            fits=lambda case, actor: not case.decision,
        ),
    ]

    def version(self, row: Any) -> str:
        return f"{row.decision}:{','.join(row.evidence)}"

    def more(self, row: Any) -> dict[str, Any]:
        pair: Any = Person.objects.filter(pk__in=[row.first_id, row.second_id]).order_by("pk")
        sides = [
            {
                "person": person,
                "standing": getattr(person, "standing", None) or Standing(),
                "account": getattr(person, "payout_account", None),
                "identities": [one.provider for one in person.socialaccount_set.all()],
            }
            for person in pair.select_related("standing", "payout_account").prefetch_related(
                "socialaccount_set"
            )
        ]
        return {"sides": sides, "words": [one_person.KINDS[kind] for kind in row.evidence]}


class ByAct(admin.SimpleListFilter):
    """The kinds of act that there are, found without reading every entry."""

    title, parameter_name = "act", "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(act, act) for act in searching.values_of(AuditEntry, "act")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(act=self.value()) if self.value() else queryset


class ByActor(admin.SimpleListFilter):
    """Those who did something, the same way."""

    title, parameter_name = "actor", "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        known = Person.objects.filter(pk__in=searching.values_of(AuditEntry, "actor_id"))
        return [(str(person.pk), person.email) for person in known.order_by("email")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {value for value, _ in self.lookup_choices}
        return queryset.filter(actor=self.value()) if self.value() in known else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ConsoleAdmin):
    """Everything that was done and why; a search of it can be saved as a file."""

    change_list_template = "console/audit.html"
    list_display = ("at", "act", "subject", "actor", "reason")
    list_filter = (ByAct, ByActor, "at")
    list_select_related = ("actor",)
    related = ("actor",)
    people: ClassVar = ("actor",)
    search_fields = ("subject__exact",)
    search_help_text = "Subject such as listing:…, a whole e-mail, or words of a reason"
    facts: ClassVar = [("Entry", ("at", "act", "subject", "actor", "reason", "details"))]
    export = "accounts.auditentry.export"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        assert isinstance(request.user, Person)
        extra = {"may_export": authority.may(request.user, self.export)}
        return super().changelist_view(request, extra | (extra_context or {}))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A subject has a colon and no space; what is neither that nor an e-mail is a reason."""
        term = search_term.strip()
        if not term or "@" in term or (":" in term and " " not in term):
            return super().get_search_results(request, queryset, term)
        return searching.by_reason(queryset, term), False

    def more_urls(self) -> Sequence[URLPattern]:
        view = self.guarded(require_POST(self.export_view))
        return [path("export/", view, name=self.url_name("export"))]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """What the same search shows on the page, as CSV; that it was taken is an entry itself."""
        assert isinstance(request.user, Person)
        authority.require(request.user, self.export, parties=())
        found = self.get_changelist_instance(request).get_queryset(request)
        newest = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
        with transaction.atomic():
            audit.record(
                actor=request.user, act="audit_exported", subject="audit", query=request.GET.dict()
            )
        content = audit_export.lines(found.filter(pk__lte=newest))
        answer = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="audit.csv"'
        return answer


@admin.register(Notification)
class NotificationAdmin(ConsoleAdmin):
    """What was told, not the words: those are made when they are read."""

    list_display = ("created_at", "person", "kind", "mailed_at", "read_at")
    list_filter = (("mailed_at", admin.EmptyFieldListFilter),)
    list_select_related = ("person",)
    related = ("person",)
    people: ClassVar = ("person",)
    search_fields = ("key__startswith",)
    search_help_text = "A whole e-mail, or the beginning of a key"
    ordering = ("-id",)
    facts: ClassVar = [
        (
            "Notification",
            (
                "person",
                "kind",
                "key",
                "created_at",
                "read_at",
                "mail_due_at",
                "mail_attempts",
                "mailed_at",
            ),
        ),
    ]
