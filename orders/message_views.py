"""The page on which the parties of a trade write to each other."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import keyset
from accounts.people import SignedInRequest
from accounts.refusals import Invalid
from orders import conversation, handing_in
from orders.forms import MessageForm
from orders.views import _of_party

SHOWN = 30


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def conversing(request: SignedInRequest, order_id: Any) -> HttpResponse:
    """What was written, the newest first, and a form to write more."""
    order = _of_party(request, order_id)
    posted = request.method == "POST"
    form = MessageForm(request.POST if posted else None, request.FILES if posted else None)
    if form.is_valid():
        try:
            sent = conversation.write(order, actor=request.user, **form.cleaned_data)
        except Invalid as error:
            form.add_error("picture", str(error))
        else:
            if conversation.MASK in sent.text:
                messages.warning(request, "Sent. Contact details were taken out of it.")
            return redirect("orders:messages", order.pk)
    me = order.party(request.user)
    page = keyset.page(
        conversation.of(order), by="-at", cursor=request.GET.get("cursor"), limit=SHOWN
    )
    context = {
        "order": order,
        "page": page,
        "form": form,
        "nonce": handing_in.new_nonce(order, request.user),
        "is_open": conversation.is_open(order),
        "after_seconds": settings.MESSAGES_AFTER_SECONDS,
        "me": me,
        "other": order.seller if me.pk == order.buyer_id else order.buyer,
    }
    return render(request, "orders/messages.html", context, status=400 if form.is_bound else 200)
