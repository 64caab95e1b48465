"""What search engines may look at: every public page that is worth finding, and no more."""

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.contrib.sitemaps import Sitemap, views
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from listings.models import Listing
from providers import pairs
from providers.guide_shelf import Shelved, shelf

# A million offers come and go; the newest are what a search engine can still find there.
MOST_LISTINGS = 5_000
PAGES = (
    *("home", "listings:browse", "providers:index", "guides:index", "market", "sell", "fees"),
    *("calculators:index", "calculators:credit", "calculators:hosting", "calculators:using_up"),
    "versus:choose",
)
PRIVATE = ("/account/", "/accounts/", "/api/", "/console/", "/orders/", "/listings/kept/")


class PageMap(Sitemap):
    """The pages that are always there."""

    def items(self) -> Iterable[str]:
        return PAGES

    def location(self, item: str) -> str:
        return reverse(item)


class GuideMap(Sitemap):
    """A guide for each provider."""

    def items(self) -> list[Shelved]:
        return list(shelf())

    def location(self, item: Shelved) -> str:
        return reverse("guides:detail", args=[item.provider.slug])

    def lastmod(self, item: Shelved) -> date:
        return item.guide.checked_on


class ProviderMap(GuideMap):
    """A page for each provider."""

    def location(self, item: Shelved) -> str:
        return item.provider.get_absolute_url()


class PairMap(Sitemap):
    """Two providers of the same kind, side by side; other pairs are found by choosing them."""

    def items(self) -> list[str]:
        return pairs.alike()

    def location(self, item: str) -> str:
        return reverse("versus:pair", args=[item])


class ListingMap(Sitemap):
    """The newest live offers."""

    def items(self) -> Iterable[Listing]:
        newest = Listing.objects.live().order_by("-created_at", "-pk")
        return newest.only("pk", "status_since")[:MOST_LISTINGS]

    def lastmod(self, item: Listing) -> datetime:
        return item.status_since


SECTIONS: dict[str, type[Sitemap] | Sitemap] = {
    "pages": PageMap,
    "guides": GuideMap,
    "providers": ProviderMap,
    "comparisons": PairMap,
    "listings": ListingMap,
}


@require_safe
def whole(request: HttpRequest) -> HttpResponse:
    """Where the parts of the map are."""
    return views.index(request, SECTIONS, sitemap_url_name="sitemap-section")


@require_safe
def one_section(request: HttpRequest, section: str) -> HttpResponse:
    """One part of the map; 404 for a part that there is not."""
    return views.sitemap(request, SECTIONS, section)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Where the map is, and which pages are one person's own."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    lines.append(f"Sitemap: {settings.SITE_ORIGIN}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")
