"""Documents in the console: what counts, looking at another text, proposing it, and history."""

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from accounts import authority, editions
from accounts.console import Act, ConsoleAdmin, Reasoned
from accounts.differences import difference
from accounts.models import Document, Edition, Person
from accounts.refusals import Invalid
from orders import editing

MOST_SHOWN = 20
FILE = "file"
PREVIEW = "This is a preview: nothing of it is published, and nobody else sees it."


class EditionForm(Reasoned):
    """The whole text as it is to be, and from when."""

    text = forms.CharField(
        label="The whole text",
        strip=False,
        max_length=editions.MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "code"}),
    )
    begins_on = forms.DateField(
        label="From the start of this day (UTC)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: as soon as the second person agrees.",
    )
    field_order = ("text", "begins_on", "reason")

    def clean_text(self) -> str:
        """As files have it: a browser sends other ends of lines."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")


def _newest(field: str) -> Subquery:
    begun = Edition.objects.filter(document=OuterRef("pk"), begins_at__lte=Now())
    return Subquery(begun.values(field)[:1])


@admin.register(Document)
class DocumentAdmin(ConsoleAdmin):
    page_template = "console/document.html"
    list_display = ("__str__", "what", "counts", "file_changed")
    list_filter = ("kind",)
    search_fields = ("name",)
    search_help_text = "Provider"
    acts: ClassVar = [
        Act(
            name="edition",
            label="Propose it",
            done="Published.",
            do=editing.publish,
            form=EditionForm,
            moves_money=True,
            names_second=True,
            begins_with=lambda document: {
                "text": editing.text_in_force(document, _in_force(document))
            },
            hint="A second person agrees to exactly this text.",
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request).filter(kind__in=editing.KINDS)
        return found.annotate(number=_newest("pk"), made_over=_newest("file_digest"))

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """What was corrected last comes first."""
        return (F("number").desc(nulls_last=True), "name")

    @admin.display(description="What it is")
    def what(self, document: Document) -> str:
        return editing.kind_of(document).title

    @admin.display(description="Counts")
    def counts(self, document: Any) -> str:
        if document.number:
            return f"Edition {document.number}"
        return "The file" if editing.file_text(document) else "Nothing was written"

    @admin.display(description="Its file")
    def file_changed(self, document: Any) -> str:
        changed = document.number and document.made_over != editing.file_digest(document)
        return "Changed since" if changed else "As it was"

    def version(self, row: Any) -> str:
        newest = row.editions.order_by("-id").values_list("id", flat=True).first()
        return f"{newest or 0}:{editing.file_digest(row)[:16]}"

    def in_terms(self, row: Any, field: forms.BoundField) -> str:
        """A whole text says less than what it changes."""
        if field.name != "text":
            return ""
        text = str(field.value()).replace("\r\n", "\n")
        lines = difference(editing.text_in_force(row, _in_force(row)), text)
        return render_to_string("console/difference.html", {"lines": lines})

    def more_urls(self) -> list[URLPattern]:
        """Looking at a text writes nothing, and is for those who could propose it."""
        views = (("preview", self.preview_view), ("looks", self.looks_view))
        return [
            path(
                f"<str:object_id>/{name}/",
                self.guarded(require_POST(partial(self._looked_at, view=view))),
                name=self.url_name(name),
            )
            for name, view in views
        ]

    def _looked_at(self, request: HttpRequest, object_id: str, *, view: Any) -> HttpResponse:
        """A text that was posted to be looked at."""
        assert isinstance(request.user, Person)
        if not authority.may(request.user, self.action(self.acts[0])):
            raise PermissionDenied
        row = self.found(request, object_id)
        form = EditionForm(request.POST, auto_id="edition_%s")
        form.fields["reason"].required = False
        answer: HttpResponse = view(request, row, form)
        return answer

    def preview_view(self, request: HttpRequest, row: Document, form: EditionForm) -> HttpResponse:
        """What the text changes, or the first thing in it that is wrong."""
        seen: dict[str, Any] = {}
        if form.is_valid():
            try:
                seen = _preview(row, form.cleaned_data["text"])
            except Invalid as error:
                form.add_error("text", str(error))
        form.fields["reason"].required = True
        answer = self.page(request, row, tried=form, status=200 if seen else 400)
        assert answer.context_data is not None
        answer.context_data |= {"seen": seen}
        return answer

    def looks_view(self, request: HttpRequest, row: Document, form: EditionForm) -> HttpResponse:
        """The page itself as the text would have it, marked as a preview."""
        if not form.is_valid():
            return self.page(request, row, tried=form, status=400)
        messages.warning(request, PREVIEW)
        try:
            return editing.kind_of(row).show(request, row.about, form.cleaned_data["text"])
        except Invalid as error:
            form.add_error("text", str(error))
            return self.page(request, row, tried=form, status=400)

    def page(self, request: HttpRequest, row: Any, **given: Any) -> TemplateResponse:
        answer = super().page(request, row, **given)
        assert answer.context_data is not None
        start = None if "tried" in given else _start(row, request.GET.get("from", ""))
        for panel in answer.context_data["panels"] if start is not None else ():
            panel["form"] = EditionForm(initial={"text": start}, auto_id="edition_%s")
        return answer

    def more(self, row: Any) -> dict[str, Any]:
        edition, file = _in_force(row), editing.file_text(row)
        changed = edition is not None and edition.file_digest != editing.file_digest(row)
        kind, history = editing.kind_of(row), _history(row)
        return {
            "kind": kind,
            "public_page": kind.page.format(row.about),
            "in_force": edition,
            "file_changed": changed,
            "unfit": editing.unfit(row, edition),
            "from_file": difference(file, edition.text) if edition else [],
            "history": history,
            "to_come": [one["edition"] for one in history if not one["edition"].has_begun],
        }


def _in_force(document: Document) -> Edition | None:
    return editions.in_force(document.pk).get(document.pk)


def _start(document: Document, asked: str) -> str | None:
    """The text that somebody wants to start from: the file, or an edition by its number."""
    if asked == FILE:
        return editing.file_text(document)
    is_number = asked.isdecimal() and len(asked) < 19
    found = document.editions.filter(pk=asked).first() if is_number else None
    return found.text if found else None


def _history(document: Document) -> list[dict[str, Any]]:
    """Each edition with what it changed from the one before it."""
    file = editing.file_text(document)
    return [
        {"edition": one, "lines": difference(one.before.text if one.before else file, one.text)}
        for one in editions.all_of(document.pk)[:MOST_SHOWN]
    ]


def _preview(document: Document, text: str) -> dict[str, Any]:
    """What a text changes of what counts today. Raises Invalid."""
    editing.check(document, text)
    seen: dict[str, Any] = {
        "lines": difference(editing.text_in_force(document, _in_force(document)), text)
    }
    if document.kind == "decisions":
        looked_at, differing = editing.differing(text)
        seen |= {"looked_at": looked_at, "differing": differing[: editing.SHOWN]}
        seen |= {"count": len(differing), "is_table": True}
    return seen
