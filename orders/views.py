"""The pages of a trade. Every step is a POST to a noun, by a party; to others there is nothing."""

import logging
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, cast
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

from accounts import keyset, networks, stepup
from accounts.people import SignedInRequest
from accounts.refusals import Invalid, NotAllowed, Refusal, WrongState
from listings import vault
from listings.models import Listing
from orders import checkout, follow, receipts, timeline
from orders import transfer as transfers
from orders.cancellation import cancel
from orders.completion import confirm
from orders.forms import PlaceForm, RecipientForm, SentForm
from orders.models import Order, OrderStatus
from orders.verification.forms import LendForm
from orders.waiting import waiting
from payments import collection, documents
from payments.models import BasketStatus
from payments.processor.interface import OutcomeUnknown, ProcessorRefused

log = logging.getLogger(__name__)
SHOWN = 20
# htmx: take this, and ask no more.
STOP_POLLING = 286


def _of_party(request: HttpRequest, order_id: UUID) -> Order:
    orders = Order.objects.visible_to(request.user).with_parts()
    return get_object_or_404(orders, pk=order_id)


def step(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that takes a step of a trade: by POST, on an order of the person's own."""

    @require_POST
    @wraps(view)
    def posted(request: HttpRequest, order_id: UUID, **more: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("orders:detail", args=[order_id]))
        return view(cast(SignedInRequest, request), _of_party(request, order_id), **more)

    return posted


@require_safe
@login_required
def index(request: SignedInRequest) -> HttpResponse:
    """What the person buys or sells, newest first, with what is next for each."""
    role = "seller" if request.GET.get("role") == "seller" else "buyer"
    mine = Order.objects.filter(**{f"{role}__in": request.user.selves}).with_parts()
    page = keyset.page(mine, by="-placed_at", cursor=request.GET.get("cursor"), limit=SHOWN)
    waits = waiting(page.rows, person=request.user)
    rows = [
        (order, timeline.next_step(order, role=role), waits.get(order.pk, []))
        for order in page.rows
    ]
    context = {"role": role, "page": page, "rows": rows, "tasks": timeline.TASKS}
    return render(request, "orders/index.html", context)


@require_POST
def place(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """Order some of an offer, once per form, and go on to the payment page."""
    listings = Listing.objects.visible_to(request.user).select_related("seller__standing")
    listing = get_object_or_404(listings, pk=listing_id)
    form = PlaceForm(request.POST)
    if not request.user.is_authenticated:
        return redirect_to_login(_with_input(request, listing))
    if not form.is_valid():
        return _not_placed(request, listing, form.complaints())
    given = form.cleaned_data
    key = given.pop("key")
    try:
        checkout.require_may_pay(request.user, network=networks.network_of(request), key=key)
        answer = checkout.once(
            buyer=request.user,
            key=key,
            body={"listing": listing.pk, **given},
            act=partial(checkout.reserve, buyer=request.user, listing=listing, **given),
            answer=lambda order: {"order": str(order.pk)},
        )
    except Refusal as refusal:
        why = render_to_string("orders/not_placed.txt", {"refusal": refusal, "listing": listing})
        return _not_placed(request, listing, [why.strip()])
    order = Order.objects.with_parts().get(pk=answer["order"])
    return redirect(checkout.payment_url(order) or order)


def _with_input(request: HttpRequest, listing: Listing) -> str:
    typed = {"face_value": request.POST.get("face_value", "")[:20]}
    return f"{listing.get_absolute_url()}?{urlencode(typed)}"


def _not_placed(request: HttpRequest, listing: Listing, why: list[str]) -> HttpResponse:
    for text in why:
        messages.error(request, text)
    return redirect(_with_input(request, listing))


@require_safe
@login_required
def receipt(request: SignedInRequest, order_id: UUID, suffix: str = "") -> HttpResponse:
    """What the buyer paid and got back, for the buyer alone."""
    mine = Order.objects.filter(buyer__in=request.user.selves, paid_at__isnull=False)
    order = get_object_or_404(mine.with_parts(), pk=order_id)
    return documents.answer(request, receipts.receipt(order), suffix)


@require_safe
@login_required
def detail(request: SignedInRequest, order_id: UUID) -> HttpResponse:
    """One trade: where money and credit are, what happened, and what the person can do."""
    return _page(request, _caught_up(_of_party(request, order_id)))


@require_safe
def state(request: SignedInRequest, order_id: UUID) -> HttpResponse:
    """The part of that page that changes; nothing if it is as the reader has seen it."""
    order = _caught_up(_of_party(request, order_id))
    trade = timeline.trade(order, viewer=request.user)
    if request.GET.get("seen") == trade.version:
        return HttpResponse(status=204)
    context = _context(order, trade)
    return render(
        request, "orders/trade.html", context, status=STOP_POLLING if trade.is_over else 200
    )


def _caught_up(order: Order) -> Order:
    """The order, brought up to its escrow if that has moved on without it."""
    return follow.follow(order) if follow.is_behind(order) else order


def _context(order: Order, trade: timeline.Trade) -> dict[str, Any]:
    names = {"order": order, "trade": trade}
    return names | {
        "summary": render_to_string("orders/summary.txt", names).strip(),
        "recipient_form": RecipientForm(initial={"recipient": order.recipient}),
        "sent_form": SentForm(),
        "lend_form": LendForm(),
    }


def _page(
    request: SignedInRequest, order: Order, *, status: int = 200, **forms: Any
) -> HttpResponse:
    trade = timeline.trade(order, viewer=request.user)
    context = _context(order, trade) | forms
    return render(request, "orders/detail.html", context, status=status)


@step
def payment(request: SignedInRequest, order: Order) -> HttpResponse:
    """Go to the processor's page; where there is none yet, have it opened."""
    if request.user.pk != order.buyer_id:
        raise NotAllowed("Only the buyer pays.")
    if order.status != OrderStatus.PLACED:
        raise WrongState
    checkout.require_may_pay(request.user, network=networks.network_of(request))
    order = checkout.open_payment_page(order)
    if url := checkout.payment_url(order):
        return redirect(url)
    basket = order.escrow.basket
    if basket is not None and basket.status == BasketStatus.OPEN:
        return redirect("orders:basket", basket.pk)
    messages.warning(request, "The payment page is not open yet. Try again in a few seconds.")
    return redirect(order)


@require_safe
@login_required
def returned(request: SignedInRequest, order_id: UUID) -> HttpResponse:
    """Back from the processor's page: see what was paid. The page itself proves nothing."""
    order = _of_party(request, order_id)
    try:
        collection.collect(order.escrow_id)
    except (OutcomeUnknown, ProcessorRefused):
        log.warning("could not ask about order %s on return", order.pk, exc_info=True)
    follow.follow(order)
    return redirect(order)


@step
def recipient(request: SignedInRequest, order: Order) -> HttpResponse:
    """The buyer says where the credit goes."""
    form = RecipientForm(request.POST)
    if not form.is_valid():
        return _page(request, order, status=400, recipient_form=form)
    transfers.name_recipient(order, actor=request.user, **form.cleaned_data)
    messages.success(request, "Saved. The seller sees where the credit goes.")
    return redirect(order)


@step
def cancellation(request: SignedInRequest, order: Order) -> HttpResponse:
    """The buyer withdraws, or the seller declines."""
    cancel(order, actor=request.user)
    messages.success(request, "The order is cancelled.")
    return redirect(order)


@step
def transfer(request: SignedInRequest, order: Order) -> HttpResponse:
    """The seller says that the credit is sent."""
    form = SentForm(request.POST)
    if not form.is_valid():
        return _page(request, order, status=400, sent_form=form)
    try:
        sent = transfers.send(order, actor=request.user, **form.cleaned_data)
    except Invalid as error:
        form.add_error(error.field, str(error))
        return _page(request, order, status=400, sent_form=form)
    more = "Marked as sent. It is paid for once it has arrived. Send the rest in time."
    all_of_it = "Marked as sent. The buyer now has time to inspect."
    messages.success(request, more if sent.more_to_come else all_of_it)
    return redirect(order)


@step
def reveal(request: SignedInRequest, order: Order) -> HttpResponse:
    """The codes, in the answer to this request and nowhere else; several are worth asking for."""
    if vault.count(order.pk) > 1 and not stepup.is_fresh(request):
        return stepup.ask(request)
    codes = transfers.reveal(order, actor=request.user)
    order = _of_party(request, order.pk)
    trade = timeline.trade(order, viewer=request.user)
    return render(request, "orders/codes.html", {"order": order, "trade": trade, "codes": codes})


@step
def confirmation(request: SignedInRequest, order: Order) -> HttpResponse:
    """The buyer says that it arrived."""
    confirmed = confirm(order, actor=request.user)
    part = "You confirmed the part. Its share of the payment is released, the rest stays held."
    all_of_it = "You confirmed the arrival. The held payment is released."
    messages.success(request, part if confirmed.more_to_come else all_of_it)
    return redirect(order)
