"""The page on which the parties of a completed trade rate each other."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.people import SignedInRequest
from orders import ratings
from orders.forms import RatingForm, RatingReportForm
from orders.models import Order, Rating
from orders.views import _of_party, step


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rating(request: SignedInRequest, order_id: Any) -> HttpResponse:
    """What both said, as far as it is shown, and a form for who has not."""
    order = _of_party(request, order_id)
    form = RatingForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        ratings.rate(order, actor=request.user, **form.cleaned_data)
        messages.success(request, "Thank you. It is kept.")
        return redirect("orders:rating", order.pk)
    found, me = ratings.of(order, request.user), order.party(request.user)
    context = {
        "order": order,
        "form": form,
        "reporting": RatingReportForm(),
        "mine": next((row for row in found if row.by_id == me.pk), None),
        "theirs": next((row for row in found if row.by_id != me.pk), None),
        "is_open": ratings.is_open(order),
        "other": order.seller if me.pk == order.buyer_id else order.buyer,
    }
    return render(request, "orders/rating.html", context, status=400 if form.is_bound else 200)


@step
def report(request: SignedInRequest, order: Order) -> HttpResponse:
    """Ask a moderator to look at what the other party wrote."""
    found = get_object_or_404(
        Rating, order=order, about__in=request.user.selves, shown_at__isnull=False
    )
    form = RatingReportForm(request.POST)
    if form.is_valid():
        ratings.report(found, actor=request.user, text=form.cleaned_data["text"])
        messages.success(request, "A moderator looks at it.")
    else:
        messages.error(request, "Say in a sentence what is wrong with it.")
    return redirect("orders:rating", order.pk)
