"""Every address of the site, wired to the app that answers it."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from listings import sell_views
from marketplace import health, sitemaps, transparency, views
from marketplace.api.problems import not_found
from orders import dispute_views, merging_views, seller_views

# allauth returns to its own overviews; ours is one page for all of them.
to_security = RedirectView.as_view(pattern_name="account:security")

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("sitemap.xml", sitemaps.whole, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemaps.one_section, name="sitemap-section"),
    path("listings/", include("listings.urls")),
    path("sell/", sell_views.index, name="sell"),
    path("sell/", include("listings.sell_urls")),
    path("orders/", include("orders.urls")),
    path("how-disputes-end/", dispute_views.rules, name="dispute-rules"),
    path("standing/", seller_views.standing, name="standing"),
    path("sellers/<int:person_id>/", seller_views.detail, name="seller"),
    path("providers/", include("providers.urls")),
    path("guides/", include("providers.guide_urls")),
    path("compare/", include("listings.versus_urls")),
    path("calculators/", include("listings.calculator_urls")),
    path("market/", views.market, name="market"),
    path("market/<slug:slug>/", views.market_of, name="market-of"),
    path("transparency/", transparency.page, name="transparency"),
    path("transparency.json", transparency.told, name="transparency-json"),
    path("transparency/proofs/<uuid:order_id>/", transparency.proof, name="proof"),
    path("account/", include("accounts.urls")),
    path("account/payouts/", include("payments.payout_urls")),
    path("account/merging/", merging_views.merge, name="merging"),
    path("account/privacy/", include("orders.privacy_urls")),
    path("accounts/2fa/", to_security),
    path("accounts/2fa/webauthn/", to_security),
    path("accounts/sessions/", to_security),
    path("accounts/", include("allauth.urls")),
    path("payments/", include("payments.urls")),
    path("console/", admin.site.urls),
    path("api/v1/", include("marketplace.api.urls")),
    re_path(r"^api/", not_found),
    *(
        path(f"{name}/", views.page, {"name": name}, name=name)
        for name in ("terms", "privacy", "imprint", "help", "contact", "fees")
    ),
]
if settings.DEBUG:
    urlpatterns += [path("dev/", include("marketplace.dev_urls"))]

handler400 = "marketplace.views.bad_request"
handler500 = "marketplace.views.server_error"
