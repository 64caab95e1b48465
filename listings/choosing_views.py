"""Pages that help to choose: offers side by side, and an amount out of several offers."""

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from listings.models import Listing
from listings.plans import cheapest
from providers.amount import read_amount_cents
from providers.known import current_names

MOST_COMPARED = 4


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Up to four offers in one table; what is not there any more is left out."""
    keys = list(dict.fromkeys(key for text in request.GET.getlist("id") if (key := _key(text))))
    rows = Listing.objects.visible_to(request.user).with_parts().select_related("program")
    found = rows.in_bulk(keys[:MOST_COMPARED])
    offers = [found[key] for key in keys if key in found]
    return render(request, "listings/compare.html", {"offers": offers, "most": MOST_COMPARED})


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """The cheapest way to buy an amount of one provider's credit."""
    names = current_names()
    slug, text = request.GET.get("provider", ""), request.GET.get("amount", "")[:30]
    buyer = request.user if request.user.is_authenticated else None
    cents = read_amount_cents(text)  # a hundred dollars where it says nothing
    context = {
        "providers": names.items(),
        "chosen": slug[:60],
        "cents": cents,
        "name": names.get(slug),
        "plan": cheapest(slug, cents, buyer=buyer) if slug in names else None,
        "key": uuid4(),
    }
    status = 400 if slug and slug not in names else 200
    return render(request, "listings/plan.html", context, status=status)
