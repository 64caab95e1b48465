"""Offers in the console: what a moderator needs to decide, and the decisions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, F, Sum
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from accounts import dials
from accounts.console import Act, ConsoleAdmin, amount, state
from accounts.models import Person
from listings import admin_checks as admin_checks  # a further page of the console
from listings import admin_questions as admin_questions  # a further page of the console
from listings import checks, consents, publishing
from listings.lifecycle import machine
from listings.models import Listing, ListingStatus, Report
from listings.report_review import close_alike, close_report
from payments import money
from providers.vocabulary import TransferMethod

S = ListingStatus


def _can_become(status: str) -> Any:
    return lambda listing, person: status in machine.table[listing.status]


def _in_review(listing: Listing, person: Person) -> bool:
    return listing.status == S.IN_REVIEW


@admin.register(Listing)
class ListingAdmin(ConsoleAdmin):
    page_template = "console/listing.html"
    list_display = ("title", "provider", "seller", "badge", "worth", "discount", "status_since")
    list_filter = ("status", "transfer_method", "provider__resale_policy")
    list_select_related = ("provider", "seller")
    related = ("provider", "seller__standing", "seller__payout_account", "program")
    parties: ClassVar = ("seller_id",)
    ids = ("pk",)
    search_fields = ("title",)
    search_help_text = "Id, words, or the seller's whole e-mail"
    people: ClassVar = ("seller",)
    words = "search"
    ordering = ("-status_since",)
    badge = state
    worth = amount("face_value_cents", "face value")
    facts: ClassVar = [
        (
            "Terms",
            (
                "status",
                "status_since",
                "provider",
                "program",
                "transfer_method",
                "currency",
                "face_value_cents",
                "discount",
                "asked_cents",
                "proceeds_cents",
                "min_order_cents",
                "step_cents",
                "expires_on",
                "region",
            ),
        ),
        ("Stock", ("available_cents", "reserved_cents", "sold_cents")),
    ]
    acts: ClassVar = [
        Act(
            name="approval",
            label="Approve",
            done="Approved: the offer is live.",
            do=publishing.approve,
            hint="The seller reads the reason. Approving accepts the newest consent as examined.",
            fits=_in_review,
        ),
        Act(
            name="rejection",
            label="Reject",
            done="Rejected: the seller can put it right and hand it in again.",
            do=publishing.reject,
            tone="danger",
            hint="The seller reads the reason.",
            fits=_in_review,
        ),
        Act(
            name="consent",
            label="Accept the consent",
            done="Accepted: the seller can put the offer back.",
            do=consents.accept,
            hint="Read the newest document first, and its last day. The seller reads the reason.",
            fits=lambda listing, person: consents.to_examine(listing) is not None,
        ),
        Act(
            name="consent-refusal",
            label="Refuse the consent",
            done="Refused: the seller can hand in another one.",
            do=consents.refuse,
            tone="danger",
            hint="The seller reads the reason.",
            fits=lambda listing, person: consents.to_examine(listing) is not None,
        ),
        Act(
            name="removal",
            label="Remove",
            done="Removed: the offer is off the market. Orders under way go on.",
            do=publishing.remove,
            tone="danger",
            hint="The seller reads the reason. A removed offer cannot come back.",
            fits=_can_become(S.REMOVED),
        ),
    ]

    @admin.display(description="Discount", ordering="discount_bp")
    def discount(self, listing: Listing) -> str:
        whole, part = divmod(listing.discount_bp, 100)
        return f"{whole}.{part:02d} %"

    @admin.display(description="Price of all of it")
    def asked_cents(self, listing: Listing) -> int:
        return money.price_of(listing.face_value_cents, listing.discount_bp)

    @admin.display(description="Seller's proceeds for all of it")
    def proceeds_cents(self, listing: Listing) -> int:
        price = self.asked_cents(listing)
        return price - money.commission_on(price, dials.now("COMMISSION_BP"))

    def more_urls(self) -> Sequence[URLPattern]:
        view = self.guarded(require_safe(self.consent_view))
        address = "<str:object_id>/consents/<int:consent_id>/"
        return [path(address, view, name=self.url_name("consent"))]

    def consent_view(
        self, request: HttpRequest, object_id: str, consent_id: int
    ) -> HttpResponse | FileResponse:
        """A consent document, to be saved rather than shown: it comes from a stranger."""
        consent = self.found(request, object_id).consents.filter(pk=consent_id).first()
        if consent is None:
            raise Http404
        try:
            content = consent.document.open("rb")
        except FileNotFoundError:
            raise Http404 from None
        response = FileResponse(
            content,
            as_attachment=True,
            filename=f"consent-{consent.pk}{Path(consent.document.name).suffix}",
            content_type=consent.content_type,
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def more(self, row: Any) -> dict[str, Any]:
        by_code = row.transfer_method == TransferMethod.REDEEM_CODE
        codes = row.codes.values("status").annotate(
            count=Count("id"), cents=Sum("face_value_cents")
        )
        others = Listing.objects.filter(seller=row.seller).exclude(pk=row.pk)
        return {
            "standing": getattr(row.seller, "standing", None),
            "account": getattr(row.seller, "payout_account", None),
            "others": others.values("status").annotate(count=Count("id")).order_by("status"),
            "codes": codes.order_by("status") if by_code else None,
            "consents": row.consents.select_related("accepted_by"),
            "reports": row.reports.select_related("reporter").order_by("-id")[:20],
            "events": row.events.select_related("actor"),
            "findings": checks.explained(row),
            "score": row.check_score,
        }


@admin.register(Report)
class ReportAdmin(ConsoleAdmin):
    list_display = ("at", "listing", "reason", "reporter", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "reason")
    list_select_related = ("listing", "reporter")
    related = ("listing", "question", "reporter")
    parties: ClassVar = ("listing.seller_id", "question.by_id", "reporter_id")
    ids = ("listing_id",)
    search_fields = ("text",)
    search_help_text = "Id or words of the offer, or a whole e-mail"
    people: ClassVar = ("reporter", "listing__seller")
    words = "listing__search"
    ordering = (F("closed_at").desc(nulls_first=True), "-id")
    facts: ClassVar = [
        ("Report", ("listing", "question", "reason", "text", "reporter", "at", "closed_at")),
    ]
    acts: ClassVar = [
        Act(
            name="closure",
            label="Close",
            done="Closed.",
            do=close_report,
            hint="Say what you found. To take the offer off the market, open it and remove it.",
            fits=lambda row, person: row.closed_at is None,
        ),
        Act(
            name="closures",
            label="Close all that say the same",
            done="Closed, with every open report of this offer for the same reason.",
            do=close_alike,
            tone="quiet",
            fits=lambda row, person: row.closed_at is None,
        ),
    ]
