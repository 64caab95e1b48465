"""What all pages of the console have in common: rows are read, and acts need a reason.

Nothing can be added, edited or deleted. What a moderator may do is an `Act`: a form posted to its
own address, which calls one function of the domain. That function decides, refuses and audits. Who
sees a page and who may act is in one table (`accounts.authority`).
"""

import datetime
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce, wraps
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field, lookup_field, unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models.query import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_POST, require_safe
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from accounts import authority, claims, searching, stepup
from accounts.acts import Act, Case, Reasoned, carry_out
from accounts.models import AuditEntry, Person, Proposal
from accounts.refusals import Invalid, Refusal, WrongState

__all__ = ["Act", "ConsoleAdmin", "Reasoned", "amount", "state"]


def amount(field: str, label: str) -> Callable[[Any, Any], str]:
    """A column of cents, shown as money in the row's currency."""

    @admin.display(description=label, ordering=field)
    def column(self: Any, row: Any) -> str:
        context = {"cents": getattr(row, field), "currency": self.currency(row)}
        return render_to_string("console/amount.html", context)

    return column


@admin.display(description="Status", ordering="status")
def state(self: Any, row: Any) -> str:
    """A column with the row's status as a badge."""
    return render_to_string("console/state.html", {"status": row.status})


def _attribute(row: Any, name: str) -> Any:
    """A step of a path; nothing comes of nothing."""
    return None if row is None else getattr(row, name)


def _kind(value: object) -> str:
    """How a page shows a value."""
    kinds: tuple[tuple[type, str], ...] = (
        (models.Model, "row"),
        (bool, "flag"),
        (datetime.datetime, "moment"),
        (datetime.date, "day"),
        (dict, "json"),
        (list, "json"),
    )
    return next((kind for known, kind in kinds if isinstance(value, known)), "text")


PROPOSED = "Proposed: it is done when a second person has agreed. Nothing has changed yet."


class ConsoleAdmin(ModelAdmin):
    """A list and a page of each row, for moderators, read-only but for its acts.

    `facts` are what the page shows, in groups; nothing is shown that is not named there.
    """

    facts: ClassVar[Sequence[tuple[str, Sequence[str]]]] = ()
    page_template: ClassVar[str] = "console/page.html"
    related: ClassVar[Sequence[str]] = ()
    # Where an id that is searched for may stand.
    ids: ClassVar[Sequence[str]] = ()
    # Whose e-mail finds a row, and the searchable text that words find it by: each by an index,
    # however many rows there are.
    people: ClassVar[Sequence[str]] = ()
    words: ClassVar[str] = ""
    acts: ClassVar[Sequence[Act]] = ()
    # Whose case a row is: paths to the numbers of people. None of them decides on it.
    parties: ClassVar[Sequence[str]] = ()
    actions = None
    list_per_page = 50
    # Counting all rows of a large table costs more than reading a page of it.
    paginator = InfinitePaginator
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (
            isinstance(request.user, Person)
            and self.admin_site.has_permission(request)
            and authority.may_see(request.user, str(self.opts.label_lower))
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """The list, the page and its acts; the admin's other addresses do not exist here."""
        name = self.url_name
        return [
            path("", self.guarded(require_safe(self.changelist_view)), name=name("changelist")),
            *self.more_urls(),
            *(
                path(
                    f"<str:object_id>/{act.name}/",
                    self.guarded(require_POST(partial(self.act_view, act=act))),
                    name=name(act.name),
                )
                for act in self.acts
            ),
            path(
                "<str:object_id>/change/",
                self.guarded(require_safe(self.page_view)),
                name=name("change"),
            ),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The list, titled by what it lists: there is nothing to "select"."""
        titled = {"title": capfirst(str(self.opts.verbose_name_plural)), **(extra_context or {})}
        answer: TemplateResponse = super().changelist_view(request, titled)
        return answer

    def more_urls(self) -> Sequence[URLPattern]:
        """Further addresses of a row; each view is `guarded`."""
        return ()

    def guarded(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponse]:
        """A view for those who have entered the console and whose role sees these rows."""

        @wraps(view)
        def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded: Callable[..., HttpResponse] = self.admin_site.admin_view(seen)
        return guarded

    def action(self, act: Act) -> str:
        """What `authority.toml` calls an act."""
        return f"{self.opts.label_lower}.{act.name}"

    def case(self, row: Any, act: Act) -> Case:
        """The row as something to decide on."""
        return Case(
            row=row,
            action=self.action(act),
            parties=self.parties_of(row),
            subject=self.subject(row),
            title=str(row),
            version=self.version(row),
        )

    def parties_of(self, row: Any) -> set[int]:
        """Whose case the row is: nobody among them decides on it."""
        found = (reduce(_attribute, path.split("."), row) for path in self.parties)
        return {party for party in found if party is not None}

    def url_name(self, what: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{what}"

    def address(self, row: models.Model, what: str = "change") -> str:
        """Where a row's page or act is."""
        return reverse(f"admin:{self.url_name(what)}", args=[row.pk])

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.select_related(*self.related) if self.related else found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id, an e-mail and words each have an index; the rest is looked for in
        `search_fields`, whole or by its beginning, which have one too."""
        if self.ids and (key := searching.as_id(search_term)):
            return searching.by_id(queryset, self.ids, key), False
        if self.people and "@" in search_term:
            return searching.by_person(queryset, self.people, search_term), False
        if self.words and search_term.strip():
            return searching.by_words(queryset, self.words, search_term), False
        return super().get_search_results(request, queryset, search_term)

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The row of an address. Raises Http404."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row

    def page_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.page(request, self.found(request, object_id))

    def page(
        self, request: HttpRequest, row: Any, *, tried: Reasoned | None = None, status: int = 200
    ) -> TemplateResponse:
        """A row's page; `tried` is a form that was filled in wrongly."""
        request.current_app = self.admin_site.name
        assert isinstance(request.user, Person)
        barred = self.barred(row, request.user)
        panels = [] if barred else list(self._panels(row, request.user, tried))
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "opts": self.opts,
            "original": row,
            "row": row,
            "facts": list(self._facts(row)),
            "barred": barred,
            "version": self.version(row),
            "panels": panels,
            # What was written is not lost where it can no longer be sent.
            "unsent": None if tried in [panel["form"] for panel in panels] else tried,
            "claim_key": (key := claims.key_of(str(self.opts.label_lower), row.pk)),
            "claim": claims.of(key) if self.acts else None,
            "proposals": Proposal.objects.filter(
                action__startswith=f"{self.opts.label_lower}.", row=str(row.pk), state="open"
            ),
            "record": AuditEntry.objects.filter(subject=self.subject(row)).select_related("actor"),
            **self.more(row),
        }
        return TemplateResponse(request, self.page_template, context, status=status)

    def more(self, row: Any) -> dict[str, Any]:
        """What the page's template needs besides."""
        return {}

    def barred(self, row: Any, person: Person) -> str:
        """Why this person decides nothing here, or nothing. The act refuses in any case."""
        own = self.acts and authority.is_party(person, self.parties_of(row))
        return authority.OWN_CASE if own else ""

    def version(self, row: Any) -> str:
        """Which state of the row a page shows; an act that saw another one is not done."""
        since = getattr(row, "status_since", None)
        return since.isoformat() if since else ""

    def in_terms(self, row: Any, field: forms.BoundField) -> str:
        """How a proposal shows a field of its form, "" for as it was given."""
        return ""

    def subject(self, row: models.Model) -> str:
        """What the audit calls the row."""
        return f"{self.opts.model_name}:{row.pk}"

    def _facts(self, row: Any) -> Iterator[tuple[str, list[dict[str, Any]], list[str]]]:
        """Each group's facts, and the names of those that the row does not have."""
        for heading, names in self.facts:
            known = [self._fact(row, name) for name in names]
            missing = [fact["label"] for fact in known if fact["value"] in (None, "")]
            yield heading, [fact for fact in known if fact["value"] not in (None, "")], missing

    def _fact(self, row: Any, name: str) -> dict[str, Any]:
        field, _, value = lookup_field(name, row, self)
        label = capfirst(str(label_for_field(name, self.model, self))).removesuffix(" cents")
        kind = "cents" if name.endswith("_cents") else _kind(value)
        if name == "status":
            kind = name
        elif choices := getattr(field, "flatchoices", None):
            value = dict(choices).get(value, value)
        fact = {"label": label, "value": value, "kind": kind, "currency": self.currency(row)}
        if kind == "row":
            fact["url"] = self._link(value)
        elif kind == "json":
            fact["value"] = json.dumps(value, indent=2, ensure_ascii=False)
        return fact

    def currency(self, row: Any) -> str:
        """What the row's cents are cents of."""
        return str(getattr(row, "currency", "USD"))

    def _link(self, row: models.Model) -> str:
        known = self.admin_site._registry.get(type(row))
        return known.address(row) if isinstance(known, ConsoleAdmin) else ""

    def _panels(self, row: Any, person: Person, tried: Reasoned | None) -> Iterator[dict[str, Any]]:
        """Acts that ask for the same share one form with several buttons."""
        fitting = [
            act
            for act in self.acts
            if authority.may(person, self.action(act)) and act.fits(row, person)
        ]
        for kind in dict.fromkeys(act.form for act in fitting):
            same = [act for act in fitting if act.form is kind]
            form = tried if type(tried) is kind else same[0].blank(row)
            buttons = [{"act": act, "url": self.address(row, act.name)} for act in same]
            yield {"form": form, "buttons": buttons}

    def act_view(self, request: HttpRequest, object_id: str, *, act: Act) -> HttpResponse:
        """Do it, and say so; or say why not, with nothing changed."""
        assert isinstance(request.user, Person)
        if not authority.may(request.user, self.action(act)):
            raise PermissionDenied
        row = self.found(request, object_id)
        form = act.form(request.POST, auto_id=f"{act.name}_%s")
        if not form.is_valid():
            return self.page(request, row, tried=form, status=400)
        if act.moves_money and not stepup.is_fresh(request):
            return stepup.ask(request)
        try:
            if request.POST.get("seen", self.version(row)) != self.version(row):
                raise WrongState("This has changed since you opened it. Look at it again.")
            proposed = carry_out(act, self.case(row, act), actor=request.user, form=form)
        except Refusal as refusal:
            field = refusal.field if isinstance(refusal, Invalid) else None
            form.add_error(field if field in form.fields else None, str(refusal))
            row = self.found(request, object_id)
            return self.page(request, row, tried=form, status=refusal.status)
        messages.success(request, PROPOSED if proposed else act.done)
        return redirect(self.address(row))
