"""Pages about providers."""

from collections.abc import Iterable
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from providers.amount import read_amount_cents
from providers.estimates import what_it_buys
from providers.models import Provider
from providers.readings import reader_of
from providers.vocabulary import Category


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All providers by category, or those that match the words in `q`."""
    words = request.GET.get("q", "").strip()[:100]
    order = list(Category.values)
    found = sorted(
        Provider.objects.current().matching(words),
        key=lambda one: (order.index(one.category), one.name.casefold()),
    )
    shelves = [
        (Category(category).label, list(providers))
        for category, providers in groupby(found, key=lambda one: one.category)
    ]
    return render(
        request, "providers/index.html", {"shelves": shelves, "q": words, "count": len(found)}
    )


@require_safe
def detail(
    request: HttpRequest, slug: str, *, offers: Iterable[object] | None = None
) -> HttpResponse:
    """One provider; `offers` are its live listings, where the caller has them."""
    provider = get_object_or_404(Provider.objects.for_page(), slug=slug)
    cents = read_amount_cents(request.GET.get("amount", ""))
    return page(request, provider, offers=offers, cents=cents)


def page(
    request: HttpRequest, provider: Provider, *, offers: Iterable[object] | None, cents: int
) -> HttpResponse:
    """A provider's page, as it is or as somebody proposes it."""
    context = {
        "provider": provider,
        "offers": offers,
        "cents": cents,
        "estimates": what_it_buys(provider, cents),
    }
    return render(request, "providers/detail.html", context)


@require_safe
def key(request: HttpRequest, slug: str) -> HttpResponse:
    """How to make a key that can do nothing but read a balance there."""
    provider = get_object_or_404(Provider.objects.current(), slug=slug)
    reader = reader_of(slug)
    if reader is None or reader.rung not in provider.ladder:
        raise Http404
    return render(request, "providers/key.html", {"provider": provider, "reader": reader})
