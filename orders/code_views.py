"""The buyer's codes: which of them did not work, and all of them as a file."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import stepup
from accounts.people import SignedInRequest
from accounts.refusals import NotAllowed, WrongState
from listings import vault
from orders import code_reports
from orders import transfer as transfers
from orders.forms import CodeReportForm
from orders.models import Order
from orders.views import _of_party, step


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reports(request: SignedInRequest, order_id: UUID) -> HttpResponse:
    """Which codes did not work, and that only those are to be refunded."""
    order = _of_party(request, order_id)
    if request.user.pk != order.buyer_id:
        raise NotAllowed("Only the buyer reports codes.")
    if not code_reports.is_open(order):
        raise WrongState("Codes are reported after they were shown, in your time to inspect.")
    posted = request.POST if request.method == "POST" else None
    form = CodeReportForm(posted, endings=vault.endings(order.pk))
    if form.is_valid():
        code_reports.report(order, actor=request.user, **form.cleaned_data)
        messages.success(request, "Reported. The payment stays held until it has ended.")
        return redirect("orders:dispute", order.pk)
    context = {"order": order, "form": form}
    status = 400 if form.is_bound else 200
    return render(request, "orders/code_reports.html", context, status=status)


@step
def download(request: SignedInRequest, order: Order) -> HttpResponse:
    """All codes of an order as a file: it is revealing them, and asks for the same."""
    if vault.count(order.pk) > 1 and not stepup.is_fresh(request):
        return stepup.ask(request)
    codes = transfers.reveal(order, actor=request.user)
    response = HttpResponse(code_reports.as_csv(order, codes), content_type="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="codes-{order.pk}.csv"'
    return response
