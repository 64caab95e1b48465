"""Pages that explain one provider at length, and what leads to them."""

from collections.abc import Iterable
from datetime import UTC, datetime, time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from providers import guide_card
from providers.amount import read_amount_cents
from providers.composing import guide_to
from providers.estimates import what_it_buys
from providers.guide_shelf import Shelved, search, shelf
from providers.guides import Guide
from providers.linked_data import of_guide
from providers.models import Provider
from providers.vocabulary import Category
from providers.written import written_guide


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All guides by category, or those that have the words in `q`."""
    words, guides = request.GET.get("q", "").strip()[:100], shelf()
    context = {
        "q": words,
        "count": len(guides),
        "found": search(words),
        "shelves": [] if words else _by_category(guides),
    }
    return render(request, "guides/index.html", context)


def _by_category(guides: Iterable[Shelved]) -> list[tuple[str, list[Shelved]]]:
    """Shelves in the order of the categories, what was read closely first on each."""
    order = sorted(guides, key=lambda one: (not one.guide.is_written, one.provider.name.casefold()))
    shelves = [
        (str(category.label), [one for one in order if one.provider.category == category])
        for category in Category
    ]
    return [(label, shelved) for label, shelved in shelves if shelved]


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One guide: what was written, and the catalogue's facts."""
    provider = get_object_or_404(Provider.objects.for_page(), slug=slug)
    guide = guide_to(provider, written_guide(slug))
    return page(request, guide, provider, cents=read_amount_cents(request.GET.get("amount", "")))


def page(request: HttpRequest, guide: Guide, provider: Provider, *, cents: int) -> HttpResponse:
    """The page of a guide, as it is or as somebody proposes it."""
    path = reverse("guides:detail", args=[provider.slug])
    address = f"{settings.SITE_ORIGIN}{path}"
    context = {
        "guide": guide,
        "provider": provider,
        "address": address,
        "told": of_guide(guide, provider, address=address),
        "cents": cents,
        "estimates": what_it_buys(provider, cents),
    }
    return render(request, "guides/detail.html", context)


@require_safe
@cache_control(public=True, max_age=86_400)
def card(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture that stands for a guide where somebody passes its address on."""
    provider = get_object_or_404(Provider.objects.current(), slug=slug)
    return HttpResponse(guide_card.draw(provider.name, provider.summary), content_type="image/png")


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The guides as an Atom feed, the one that was checked last first."""
    atom = Atom1Feed(
        title="Surplus: guides to AI and cloud credit",
        subtitle="What each provider’s credit is, when it ends and how it moves.",
        link=f"{settings.SITE_ORIGIN}{reverse('guides:index')}",
        feed_url=f"{settings.SITE_ORIGIN}{request.path}",
        description="",
    )
    for guide, provider in sorted(shelf(), key=lambda one: one.guide.checked_on, reverse=True):
        checked = datetime.combine(guide.checked_on, time(), UTC)
        atom.add_item(
            title=guide.title,
            description=guide.summary,
            link=f"{settings.SITE_ORIGIN}{reverse('guides:detail', args=[provider.slug])}",
            pubdate=checked,
            updateddate=checked,
        )
    return HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type)
