"""The pages of a basket: placed out of a plan, paid on one page, followed until it is over."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts import networks
from accounts.models import Person
from accounts.people import SignedInRequest
from accounts.refusals import Refusal
from orders import basket_page, baskets, checkout, follow
from orders.forms import BasketForm
from orders.refusals import BasketRefused
from orders.views import STOP_POLLING
from payments.models import Basket


def _of_buyer(request: HttpRequest, basket_id: UUID) -> Basket:
    return get_object_or_404(Basket.objects.visible_to(request.user), pk=basket_id)


@require_POST
def place(request: HttpRequest) -> HttpResponse:
    """Order all parts of a plan, once per form, and go on to the page that takes the card."""
    form = BasketForm(request.POST)
    if not request.user.is_authenticated:
        return redirect_to_login(_plan(form))
    if not form.is_valid():
        return _not_placed(
            request, form, [str(text) for texts in form.errors.values() for text in texts]
        )
    given = form.cleaned_data
    network, key = networks.network_of(request), given["key"]
    try:
        checkout.require_may_pay(request.user, network=network, key=key)
        answer = baskets.once(
            buyer=request.user,
            key=key,
            body={"parts": given["parts"]},
            act=partial(_reserve, request.user, given["parts"]),
            answer=lambda basket: {"basket": str(basket.pk)},
        )
    except Refusal as refusal:
        return _not_placed(request, form, _complaints(refusal))
    # Sent once more after it was paid, there is no page to go to any more.
    basket = Basket.objects.get(pk=answer["basket"])
    return redirect(baskets.page_url(basket) or baskets.url(basket))


def _reserve(buyer: Person, parts: Sequence[Mapping[str, Any]]) -> Basket:
    return baskets.reserve(buyer=buyer, parts=baskets.wanted(buyer, parts))


def _complaints(refusal: Refusal) -> list[str]:
    """What is wrong with which part, in words."""
    if not isinstance(refusal, BasketRefused):
        return [str(refusal)]
    parts = refusal.extra["parts"]
    texts = [render_to_string("orders/basket_part_refused.txt", part).strip() for part in parts]
    return [str(refusal), *texts]


def _plan(form: BasketForm) -> str:
    asked = {name: form.data.get(name, "")[:60] for name in ("provider", "amount")}
    return f"{reverse('listings:plan')}?{urlencode(asked)}"


def _not_placed(request: HttpRequest, form: BasketForm, why: list[str]) -> HttpResponse:
    for text in why:
        messages.error(request, text)
    return redirect(_plan(form))


@require_safe
@login_required
def detail(request: SignedInRequest, basket_id: UUID) -> HttpResponse:
    """How far each part is, and what is next."""
    shown = _shown(_of_buyer(request, basket_id))
    return render(request, "orders/basket.html", {"shown": shown, "basket": shown.basket})


@require_safe
@login_required
def state(request: SignedInRequest, basket_id: UUID) -> HttpResponse:
    """The part of that page that changes; nothing if it is as the reader has seen it."""
    shown = _shown(_of_buyer(request, basket_id))
    if request.GET.get("seen") == shown.version:
        return HttpResponse(status=204)
    context = {"shown": shown, "basket": shown.basket}
    status = STOP_POLLING if shown.is_over else 200
    return render(request, "orders/basket_parts.html", context, status=status)


def _shown(basket: Basket) -> basket_page.Shown:
    shown = basket_page.shown(basket)
    behind = [part.order for part in shown.parts if follow.is_behind(part.order)]
    for order in behind:
        follow.follow(order)
    return basket_page.shown(basket) if behind else shown


@require_POST
@login_required
def payment(request: SignedInRequest, basket_id: UUID) -> HttpResponse:
    """Go to the processor's page; where there is none yet, have it opened."""
    basket = _of_buyer(request, basket_id)
    checkout.require_may_pay(basket.buyer, network=networks.network_of(request))
    basket = baskets.open_page(basket)
    if url := baskets.page_url(basket):
        return redirect(url)
    messages.warning(
        request, "The payment page is not open. Look below at where each order stands."
    )
    return redirect(baskets.url(basket))


@require_safe
@login_required
def returned(request: SignedInRequest, basket_id: UUID) -> HttpResponse:
    """Back from the processor's page: see whether a card was given, and have the orders paid."""
    basket = _of_buyer(request, basket_id)
    baskets.returned(basket)
    return redirect(baskets.url(basket))


@require_POST
@login_required
def cancellation(request: SignedInRequest, basket_id: UUID) -> HttpResponse:
    """Take back what is not paid."""
    basket = _of_buyer(request, basket_id)
    baskets.cancel(basket, actor=request.user)
    messages.success(request, "What was not paid is cancelled.")
    return redirect(baskets.url(basket))
