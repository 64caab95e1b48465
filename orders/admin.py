"""Trades in the console: orders to read, disputes to decide."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from accounts import authority
from accounts.console import Act, ConsoleAdmin, Reasoned, amount, state
from accounts.models import Person, Standing
from listings import checks
from listings.forms import DollarsField
from listings.models import Code
from orders import admin_codes as admin_codes  # further pages of the console
from orders import admin_dials as admin_dials
from orders import admin_editions as admin_editions
from orders import admin_ratings as admin_ratings
from orders import admin_weighing, casefile, conversation, disputes, handing_in
from orders.dispute_models import UNDECIDED
from orders.evidence_views import as_attachment
from orders.models import Dispute, DisputeStatus, Order
from orders.timeline import time_decides

OUTCOMES = [
    (disputes.RELEASE, "Release the payment to the seller"),
    (disputes.REFUND, "Refund the buyer"),
    (disputes.SPLIT, "Split it"),
]


def trade(order: Order) -> dict[str, Any]:
    """All that happened in a trade: to the order, to its money, and to its codes."""
    people = {
        row.pk: row for row in Standing.objects.filter(pk__in=[order.buyer_id, order.seller_id])
    }
    codes = Code.objects.filter(reserved_for=order.pk).defer("ciphertext", "fingerprint", "key_id")
    return {
        "order": order,
        "standings": [
            ("Buyer", order.buyer, people.get(order.buyer_id)),
            ("Seller", order.seller, people.get(order.seller_id)),
        ],
        "events": order.events.select_related("actor"),
        "escrow_events": order.escrow.events.select_related("actor"),
        "postings": order.escrow.postings.all(),
        "instructions": order.escrow.instructions.order_by("created_at"),
        "codes": codes.order_by("id"),
        "findings": checks.explained(order.listing),
        "score": order.listing.check_score,
    }


QUOTE = (
    "Quote",
    (
        "title",
        "currency",
        "face_value_cents",
        "discount",
        "price_cents",
        "commission_cents",
        "proceeds_cents",
        "transfer_method",
    ),
)


@admin.register(Order)
class OrderAdmin(ConsoleAdmin):
    page_template = "console/order.html"
    list_display = ("id", "title", "badge", "price", "buyer", "seller", "placed_at")
    list_filter = ("status", "transfer_method")
    list_select_related = ("buyer", "seller")
    related = ("listing__provider", "escrow", "buyer", "seller", "dispute")
    parties: ClassVar = ("buyer_id", "seller_id")
    search_fields = ("title",)
    search_help_text = "Id, words of the offer, or a whole e-mail"
    people: ClassVar = ("buyer", "seller")
    words = "listing__search"
    ids = ("pk", "listing_id", "escrow_id")
    ordering = ("-placed_at",)
    badge = state
    price = amount("price_cents", "price")
    facts: ClassVar = [
        (
            "Order",
            (
                "id",
                "status",
                "status_since",
                "deadline",
                "listing",
                "buyer",
                "seller",
                "recipient",
                "escrow",
                "opened_dispute",
            ),
        ),
        QUOTE,
        ("Transfer", ("sent_at", "sent_note", "revealed_at", "rung", "verdict", "measured_cents")),
    ]
    acts: ClassVar = [admin_weighing.ACT]

    @admin.display(description="Discount")
    def discount(self, order: Order) -> str:
        whole, part = divmod(order.discount_bp, 100)
        return f"{whole}.{part:02d} %"

    @admin.display(description="Dispute")
    def opened_dispute(self, order: Order) -> Dispute | None:
        return getattr(order, "dispute", None)

    def more(self, row: Any) -> dict[str, Any]:
        return trade(row)

    def more_urls(self) -> Sequence[URLPattern]:
        private = self.guarded(require_POST(self.private_view))
        picture = self.guarded(require_safe(self.picture_view))
        return [
            path("<str:object_id>/private/", private, name=self.url_name("private")),
            path(
                "<str:object_id>/evidence/<int:evidence_id>/",
                picture,
                name=self.url_name("picture"),
            ),
        ]

    def picture_view(self, request: HttpRequest, object_id: str, evidence_id: int) -> HttpResponse:
        """A picture that a party handed in, for whoever has just given a reason to look."""
        order = self.found(request, object_id)
        assert isinstance(request.user, Person)
        authority.require(request.user, "orders.order.private", parties=self.parties_of(order))
        if not conversation.has_looked(order, actor=request.user):
            raise PermissionDenied
        found = handing_in.picture_of(order, evidence_id)
        if found is None:
            raise Http404
        return as_attachment(*found)

    def private_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the parties wrote to each other, for a reason that the audit keeps."""
        order = self.found(request, object_id)
        assert isinstance(request.user, Person)
        authority.require(request.user, "orders.order.private", parties=self.parties_of(order))
        form = Reasoned(request.POST)
        if not form.is_valid():
            messages.error(request, "Say in at most 2,000 characters why you read it.")
            return self.page(request, order, status=400)
        written = conversation.look(order, actor=request.user, **form.cleaned_data)
        context = {**self.admin_site.each_context(request), "order": order, "written": written}
        context |= {"evidence": handing_in.of(order), "code": handing_in.code_of(order)}
        context |= {"title": f"What the parties wrote: {order.title}", "opts": self.opts}
        return TemplateResponse(request, "console/private.html", context)


class DecisionForm(Reasoned):
    """Who gets what is held, and why; both parties read the reason."""

    outcome = forms.ChoiceField(
        choices=OUTCOMES,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an outcome."},
    )
    refund_cents = DollarsField(
        label="Of a split, the buyer gets back (dollars)",
        required=False,
        help_text="The rest is released to the seller, less the commission on it.",
    )
    field_order = ("outcome", "refund_cents", "reason")


class ByOutcome(admin.SimpleListFilter):
    """The outcomes that there are; asking the rows which they have would read all of them."""

    title, parameter_name = "outcome", "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return OUTCOMES

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(outcome=self.value()) if self.value() else queryset


@admin.register(Dispute)
class DisputeAdmin(ConsoleAdmin):
    page_template = "console/dispute.html"
    list_display = ("order", "badge", "reason", "opened_at", "outcome", "decided_at")
    list_filter = ("status", "reason", ByOutcome)
    badge = state
    list_select_related = ("order",)
    related = (
        "order__listing__provider",
        "order__escrow",
        "order__buyer",
        "order__seller",
        "opened_by",
        "decided_by",
    )
    parties: ClassVar = ("order.buyer_id", "order.seller_id")
    search_fields = ("order__title",)
    search_help_text = "Order, words of the offer, or a whole e-mail"
    people: ClassVar = ("order__buyer", "order__seller")
    words = "order__listing__search"
    ids = ("order_id",)
    ordering = (F("decided_at").desc(nulls_first=True), "opened_at")
    facts: ClassVar = [
        (
            "Dispute",
            (
                "order",
                "reason",
                "text",
                "opened_by",
                "opened_at",
                "answer",
                "answered_at",
                "claim_cents",
                "outcome",
                "refund_cents",
                "decision",
                "decided_by",
                "decided_at",
                "appeal",
                "appealed_by",
                "appealed_at",
            ),
        ),
    ]
    acts: ClassVar = [
        Act(
            name="decision",
            label="Decide",
            done="Decided, and both parties are told. The money waits until nobody can appeal.",
            do=disputes.decide,
            moves_money=True,
            cents=lambda row, given: row.order.escrow.held_cents,
            form=DecisionForm,
            hint="Both parties read the reason. Whoever did not get all of it can appeal once.",
            fits=lambda row, person: row.status in UNDECIDED,
        ),
    ]

    def subject(self, row: Any) -> str:
        return f"order:{row.order_id}"

    def barred(self, row: Any, person: Person) -> str:
        if row.status == DisputeStatus.APPEALED and row.decided_by_id == person.pk:
            return "This is an appeal against your decision: another moderator decides."
        if own := super().barred(row, person):
            return own
        if row.order.escrow.contested_at and row.status in UNDECIDED:
            return "The buyer's bank disputes this payment: its decision comes first."
        return ""

    def parties_of(self, row: Any) -> set[int]:
        """The two of the trade; on an appeal, whoever made the decision is a party, too."""
        found = super().parties_of(row)
        if row.status == DisputeStatus.APPEALED and row.decided_by_id:
            found.add(row.decided_by_id)
        return found

    def version(self, row: Any) -> str:
        return f"{row.status}:{row.decided_at}"

    def currency(self, row: Any) -> str:
        return str(row.order.currency)

    def more(self, row: Any) -> dict[str, Any]:
        usual = time_decides(row.order, row)
        return {
            **trade(row.order),
            "usual": usual,
            "moves": casefile.preview(row.order, usual.refund_cents if usual else None),
            "steps": casefile.timeline(row.order, row),
            "lanes": casefile.LANES,
            "known": [casefile.known_of(one, row) for one in (row.order.buyer, row.order.seller)],
            "alike": casefile.alike(row),
            "decisions": row.decisions.select_related("by"),
            "sentences": casefile.sentences(),
        }
