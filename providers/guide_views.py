"""Pages that explain one provider at length."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from providers.amount import USUAL_CENTS
from providers.estimates import what_it_buys
from providers.guides import guides
from providers.models import Provider


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The guides that there are, and where the facts on the other providers stand."""
    providers = {provider.slug: provider for provider in Provider.objects.current()}
    shelf = [
        (guide, providers[guide.provider])
        for guide in guides().values()
        if guide.provider in providers
    ]
    with_guide = {guide.provider for guide, _ in shelf}
    others = [one for slug, one in providers.items() if slug not in with_guide]
    return render(request, "guides/index.html", {"shelf": shelf, "others": others})


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One guide, with the provider's facts that change more often than the guide."""
    guide = guides().get(slug)
    if guide is None:
        raise Http404("There is no such guide.")
    provider = get_object_or_404(Provider.objects.for_page(), slug=guide.provider)
    context = {
        "guide": guide,
        "provider": provider,
        "cents": USUAL_CENTS,
        "estimates": what_it_buys(provider, USUAL_CENTS),
    }
    return render(request, "guides/detail.html", context)
