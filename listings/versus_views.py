"""Two providers side by side: the catalogue's facts, the best offers, what the same money makes."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from listings.calculator_views import best_offer
from payments.money import BASIS_POINTS
from providers.amount import USUAL_CENTS
from providers.estimates import what_it_buys
from providers.known import current_names
from providers.models import Provider, UnitPrice
from providers.pairs import pair_of, read_pair


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Choose two providers; chosen, on to their page."""
    names = current_names()
    chosen = [request.GET.get(name, "")[:60] for name in ("a", "b")]
    if len(set(chosen)) == 2 and set(chosen) <= names.keys():
        return redirect("versus:pair", pair_of(*chosen))
    wrong = any(chosen)
    context = {"providers": names.items(), "chosen": chosen, "wrong": wrong}
    return render(request, "versus/choose.html", context, status=400 if wrong else 200)


@require_safe
def pair(request: HttpRequest, pair: str) -> HttpResponse:
    """Two providers, under the one address that has them in alphabetical order."""
    slugs = read_pair(pair)
    found = Provider.objects.for_page().in_bulk(slugs) if slugs else {}
    if slugs is None or len(found) < 2:
        raise Http404("There are no such two providers.")
    if pair != (canonical := pair_of(*slugs)):
        return redirect("versus:pair", canonical, permanent=True)
    sides = [_side(found[slug]) for slug in slugs]
    context = {
        "sides": sides,
        "names": [side["provider"].name for side in sides],
        "cents": USUAL_CENTS,
        "same": _same(found[slugs[0]], found[slugs[1]]),
        "pair": canonical,
    }
    return render(request, "versus/pair.html", context)


def _side(provider: Provider) -> dict[str, Any]:
    """One provider: its best offer, and what a hundred dollars make at list price and there."""
    offer = best_offer(provider.slug)
    bought = USUAL_CENTS * BASIS_POINTS // (BASIS_POINTS - offer.discount_bp) if offer else None
    here = what_it_buys(provider, bought) if bought else []
    at_offer = {(one.what, one.unit): one for one in here}
    return {
        "provider": provider,
        "offer": offer,
        "bought_cents": bought,
        "makes": [
            (one, at_offer.get((one.what, one.unit))) for one in what_it_buys(provider, USUAL_CENTS)
        ],
    }


def _same(first: Provider, second: Provider) -> list[tuple[UnitPrice, UnitPrice]]:
    """The things that both sell, each with both list prices."""
    others = {(one.what.casefold(), one.unit): one for one in second.unit_prices.all()}
    return [
        (one, other)
        for one in first.unit_prices.all()
        if (other := others.get((one.what.casefold(), one.unit)))
    ]
