"""How the console looks: our colours on django-unfold, and its menu."""

from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

# The lightness and chroma of static/css/tokens.css, on the theme's scale of eleven steps.
_STEPS = ("50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950")
_TEAL = (
    (97, 0.014), (94.5, 0.026), (89, 0.048), (83, 0.075), (79, 0.1), (68, 0.1),
    (42, 0.078), (38, 0.072), (34, 0.066), (28.5, 0.045), (22, 0.034),
)  # fmt: skip
_GREY = (
    (98.4, 0.004), (96, 0.006), (89.5, 0.007), (82, 0.009), (70, 0.012), (50, 0.015),
    (43, 0.016), (31.5, 0.014), (22.5, 0.013), (18.5, 0.012), (15.8, 0.011),
)  # fmt: skip


def _scale(steps: tuple[tuple[float, float], ...], hue: int) -> dict[str, str]:
    return {
        step: f"oklch({light}% {chroma} {hue})"
        for step, (light, chroma) in zip(_STEPS, steps, strict=True)
    }


def environment(request: HttpRequest) -> list[str] | None:
    """A label where this is not the real thing."""
    return ["Development", "warning"] if settings.DEBUG else None


def _link(title: str, icon: str, name: str, page: str = "") -> dict[str, Any]:
    """An entry of the menu, for those whose role sees the page."""
    page = page or name.removesuffix("_changelist").replace("_", ".")

    def permission(request: HttpRequest) -> bool:
        # Settings are made before there are models to ask.
        from accounts.authority import may_see

        return may_see(cast(Any, request.user), page)

    link = reverse_lazy(f"admin:{name}")
    return {"title": title, "icon": icon, "link": link, "permission": permission}


def _file(path: str) -> Any:
    """A static file's address, asked for when a page needs it."""
    return lambda request: static(path)


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Surplus console",
    "SITE_HEADER": "Surplus console",
    "SITE_ICON": {"light": _file("img/mark.svg"), "dark": _file("img/mark-dark.svg")},
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _file("img/favicon.svg")},
    ],
    "ENVIRONMENT": "marketplace.console.theme.environment",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {"base": _scale(_GREY, 205), "primary": _scale(_TEAL, 190)},
    "STYLES": [
        _file("css/tokens.css"),
        _file("css/components.css"),
        _file("css/charts.css"),
        _file("css/console.css"),
    ],
    "ACCOUNT": {
        "navigation": [{"title": "Settings", "link": "/account/"}],
    },
    "SIDEBAR": {
        "navigation": [
            {
                "items": [
                    _link("Queue", "inbox", "index", "console.queue"),
                    _link("Overview", "monitoring", "overview", "console.overview"),
                    _link("Operations", "settings_heart", "operations", "console.operations"),
                    _link("Proposals", "group_add", "accounts_proposal_changelist"),
                ],
            },
            {
                "title": "Trades",
                "items": [
                    _link("Disputes", "balance", "orders_dispute_changelist"),
                    _link("Orders", "handshake", "orders_order_changelist"),
                ],
            },
            {
                "title": "Offers",
                "items": [
                    _link("Offers", "sell", "listings_listing_changelist"),
                    _link("Codes", "key", "listings_code_changelist"),
                    _link("Reports", "flag", "listings_report_changelist"),
                    _link("Questions", "help", "listings_question_changelist"),
                    _link("Ratings", "star", "orders_rating_changelist"),
                    _link("Checks", "rule_settings", "listings_check_changelist"),
                    _link("Providers", "domain", "providers_provider_changelist"),
                    _link("Documents", "edit_document", "accounts_document_changelist"),
                ],
            },
            {
                "title": "Money",
                "items": [
                    _link("Incidents", "warning", "payments_incident_changelist"),
                    _link("Held payments", "lock", "payments_escrow_changelist"),
                    _link("Postings", "receipt_long", "payments_posting_changelist"),
                    _link("Instructions", "send", "payments_instruction_changelist"),
                    _link("Webhooks", "webhook", "payments_webhookevent_changelist"),
                    _link("Payouts", "account_balance", "payments_payout_changelist"),
                    _link("Ledger audits", "fact_check", "payments_ledgeraudit_changelist"),
                    _link("Reconciliations", "rule", "payments_reconciliation_changelist"),
                    _link("Differences", "difference", "payments_difference_changelist"),
                    _link("Fees and limits", "tune", "accounts_dial_changelist"),
                    _link("Freezes", "ac_unit", "payments_freeze_changelist"),
                ],
            },
            {
                "title": "People",
                "items": [
                    _link("People", "group", "accounts_person_changelist"),
                    _link("One person?", "diversity_1", "accounts_likeness_changelist"),
                    _link("Notifications", "mail", "accounts_notification_changelist"),
                    _link("Audit", "gavel", "accounts_auditentry_changelist"),
                ],
            },
        ],
    },
}
