"""The page on which the parties hand in pictures, and the pictures themselves."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.people import SignedInRequest
from accounts.refusals import Invalid
from orders import handing_in
from orders.forms import EvidenceForm
from orders.models import Evidence, OrderStatus
from orders.views import _of_party

S = OrderStatus


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def evidence(request: SignedInRequest, order_id: UUID) -> HttpResponse:
    """What was handed in by both, and a form to hand in more."""
    order = _of_party(request, order_id)
    sent = request.method == "POST"
    form = EvidenceForm(request.POST if sent else None, request.FILES if sent else None)
    if form.is_valid():
        try:
            handing_in.hand_in(order, actor=request.user, **form.cleaned_data)
        except Invalid as error:
            form.add_error(error.field if error.field == "picture" else None, str(error))
        else:
            messages.success(request, "Handed in. Both of you see it, and moderators do.")
            return redirect("orders:evidence", order.pk)
    context = {
        "order": order,
        "form": form,
        "nonce": handing_in.new_nonce(order, request.user),
        "code": handing_in.code_of(order),
        "rows": handing_in.of(order),
        "is_open": order.status in (S.PAID, S.TRANSFERRED, S.VERIFIED, S.DISPUTED),
    }
    return render(request, "orders/evidence.html", context, status=400 if form.is_bound else 200)


@require_safe
@login_required
def picture(request: SignedInRequest, order_id: UUID, evidence_id: int) -> HttpResponse:
    """One picture, for the two parties."""
    found = handing_in.picture_of(_of_party(request, order_id), evidence_id)
    if found is None:
        raise Http404
    return as_attachment(*found)


def as_attachment(evidence: Evidence, content: bytes) -> HttpResponse:
    """To be saved rather than opened here: it comes from a stranger."""
    response = HttpResponse(content, content_type=evidence.content_type)
    name = f"evidence-{evidence.pk}.{evidence.suffix}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
