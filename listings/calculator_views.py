"""Calculators: what credit makes, when a machine of one's own is cheaper, whether time suffices."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from listings.calculator_forms import CreditForm, HostingForm, UsingUpForm, key_of
from listings.models import Listing
from payments.money import BASIS_POINTS, price_of
from providers.estimates import Estimate, cents_for, split_unit, units_for
from providers.hosting import Hosting
from providers.known import name_of
from providers.models import Provider, UnitPrice
from providers.using_up import UsingUp

FIRST = "replicate"
VOLUMES = (1_000, 10_000, 50_000, 100_000, 500_000)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The three calculators."""
    return render(request, "calculators/index.html")


@require_safe
def credit(request: HttpRequest) -> HttpResponse:
    """What an amount of credit makes, at list price and at an offer's."""
    offer = _offer(request)
    first = {"provider": offer.provider_id, "amount": _dollars(offer)} if offer else {}
    form = CreditForm(request.GET, first={"provider": FIRST, "amount": "40.00", **first})
    context: dict[str, Any] = {"form": form, "offer": offer}
    if form.is_valid():
        slug, cents = form.cleaned_data["provider"], form.cleaned_data["amount"]
        provider = get_object_or_404(Provider.objects.for_page(), slug=slug)
        if offer is None or offer.provider_id != slug:
            context["offer"] = offer = best_offer(slug)
        context |= {
            "provider": provider,
            "cents": cents,
            "here_cents": price_of(cents, offer.discount_bp) if offer else None,
            "rows": [_row(price, cents, offer) for price in provider.unit_prices.all()],
            "need": _need(provider, request, offer),
        }
    return _answer(request, "calculators/credit.html", context)


def _row(price: UnitPrice, cents: int, offer: Any) -> dict[str, Any]:
    """What an amount of credit makes, and what the same money makes at an offer's price."""
    things = split_unit(price.unit)[1]
    bought = cents * BASIS_POINTS // (BASIS_POINTS - offer.discount_bp) if offer else cents
    return {
        "price": price,
        "made": Estimate(price.what, things, units_for(price, cents)),
        "made_here": Estimate(price.what, things, units_for(price, bought)),
    }


def _need(provider: Provider, request: HttpRequest, offer: Any) -> dict[str, Any] | None:
    """The other way round: the credit that so many of something take."""
    text = request.GET.get("count", "")[:20].replace(",", "").strip()
    prices = {key_of(price): price for price in provider.unit_prices.all()}
    price = prices.get(request.GET.get("thing", ""))
    if price is None or not (text.isascii() and text.isdigit() and 0 < int(text) <= 10**12):
        return None
    cents = cents_for(price, int(text))
    return {
        "count": int(text),
        "price": price,
        "things": split_unit(price.unit)[1],
        "cents": cents,
        "here_cents": price_of(cents, offer.discount_bp) if offer else None,
    }


def best_offer(slug: str) -> Any:
    """The live offer of a provider with the largest discount, as on a card; None for none."""
    offers = Listing.objects.live().filter(provider=slug).for_cards()
    return offers.order_by("-discount_bp", "-pk").first()


def _offer(request: HttpRequest) -> Any:
    """The live offer that the address names, as on a card; None where it names none."""
    try:
        key = UUID(request.GET.get("listing", ""))
    except ValueError:
        return None
    return Listing.objects.live().filter(pk=key).for_cards().first()


def _dollars(offer: Any) -> str:
    return f"{offer.available_cents // 100}.{offer.available_cents % 100:02d}"


@require_safe
def hosting(request: HttpRequest) -> HttpResponse:
    """A month of calls at a provider against machines of one's own, and where they cross."""
    # The figures of the review that the guide to Replicate cites: SDXL against one A10G.
    first = {"calls": "100000", "call_price": "0.02", "call_seconds": "10"}
    first |= {"machine_hour": "0.80", "other": "0", "provider": FIRST}
    form = HostingForm(request.GET, first=first)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        given = form.cleaned_data
        costs = Hosting(
            call_nanodollars=given["call_price"],
            call_millis=int(given["call_seconds"] * 1000),
            machine_hour_nanodollars=given["machine_hour"],
            other_cents=given["other"],
        )
        offer = best_offer(given["provider"]) if given["provider"] else None
        context |= _compared(costs, given["calls"], offer)
    return _answer(request, "calculators/hosting.html", context)


def _compared(costs: Hosting, calls: int, offer: Any) -> dict[str, Any]:
    """One volume in words, several as a table, and all of them as a chart."""
    discount = offer.discount_bp if offer else 0
    crossing, later = costs.crossing(), costs.crossing(discount_bp=discount)
    volumes = sorted({*VOLUMES, calls, *(one for one in (crossing, later) if one)})
    return {
        "costs": costs,
        "calls": calls,
        "offer": offer,
        "name": name_of(offer.provider_id) if offer else "",
        "crossing": crossing,
        "later": later if offer else None,
        "now": _volume(costs, calls, discount),
        "rows": [_volume(costs, one, discount) for one in volumes],
        "lines": _lines(costs, max(calls, crossing or 0, later or 0) * 5 // 4, discount),
    }


def _volume(costs: Hosting, calls: int, discount_bp: int) -> dict[str, int]:
    return {
        "calls": calls,
        "by_call": costs.by_call_cents(calls),
        "here": costs.by_call_cents(calls, discount_bp=discount_bp),
        "by_machine": costs.by_machine_cents(calls),
        "machines": costs.machines(calls),
    }


def _lines(costs: Hosting, most: int, discount_bp: int) -> list[dict[str, Any]]:
    """The curves of the chart; machines come in steps as long as these can be told apart."""
    step, steps = costs.calls_per_machine, costs.machines(most)
    edges = [n * step for n in range(1, steps)] if steps <= 40 else []
    own = [(0, costs.by_machine_cents(0))]
    for edge in edges:
        own += [(edge, costs.by_machine_cents(edge)), (edge, costs.by_machine_cents(edge + 1))]
    own.append((most, costs.by_machine_cents(most)))
    lines = [
        {"name": "By the call", "points": [(0, 0), (most, costs.by_call_cents(most))]},
        {"name": "Your machine", "kind": "dashed", "points": own},
    ]
    if discount_bp:
        here = costs.by_call_cents(most, discount_bp=discount_bp)
        lines.insert(1, {"name": "Bought here", "kind": "thin", "points": [(0, 0), (most, here)]})
    return lines


@require_safe
def using_up(request: HttpRequest) -> HttpResponse:
    """Whether credit can be used before its last day, at one's use and the provider's limit."""
    prices = list(UnitPrice.objects.filter(provider__retired=False))
    offer, today = _offer(request), timezone.localdate()
    first = {"thing": f"{FIRST}.0", "amount": "40.00", "per_day": "100", "per_minute": "600"}
    first["expires_on"] = (today + timedelta(days=60)).isoformat()
    if offer:
        first |= {"thing": f"{offer.provider_id}.0", "amount": _dollars(offer), "per_minute": ""}
        first["expires_on"] = offer.expires_on.isoformat()
    form = UsingUpForm(request.GET, first=first, prices=prices)
    context: dict[str, Any] = {"form": form, "offer": offer}
    if form.is_valid():
        given, price = form.cleaned_data, form.price
        use = UsingUp(
            units=units_for(price, given["amount"]),
            per_day=given["per_day"],
            per_minute=given["per_minute"],
            today=today,
            last_day=given["expires_on"],
        )
        lost = given["amount"] - cents_for(price, use.units - use.left)
        context |= {
            "use": use,
            "price": price,
            "things": split_unit(price.unit)[1],
            "cents": given["amount"],
            "name": name_of(price.provider_id),
            "lost_cents": lost if use.left else 0,
        }
    return _answer(request, "calculators/using_up.html", context)


def _answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    # htmx leaves a page alone that says it is an error.
    wrong = context["form"].errors and not request.headers.get("HX-Request")
    return render(request, template, context, status=400 if wrong else 200)
