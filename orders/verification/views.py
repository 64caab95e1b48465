"""Measuring an arrival, on pages."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_safe

from accounts.people import SignedInRequest
from accounts.refusals import Invalid
from orders.completion import accept_part
from orders.models import Order, OrderStatus
from orders.verification import report as reports
from orders.verification import report_paper, watching
from orders.verification.forms import LendForm
from orders.verification.lending import check_lender, lend
from orders.views import _of_party, _page, step
from payments import documents


@sensitive_post_parameters("key")
@sensitive_variables()
@step
def readings(request: SignedInRequest, order: Order) -> HttpResponse:
    """The buyer lends a key. It is never shown again, not even in a form that is refused."""
    check_lender(order, request.user)
    form = LendForm(request.POST)
    if form.is_valid():
        try:
            lend(order, actor=request.user, **form.cleaned_data)
        except Invalid as error:
            form.add_error("key", str(error))
    if form.errors:
        return _page(request, order, status=400, lend_form=form)
    messages.success(request, "The key is kept encrypted while your balance is read.")
    return redirect(order)


@step
def watch(request: SignedInRequest, order: Order) -> HttpResponse:
    """The buyer ends the watch of their balance."""
    watching.stop(order, actor=request.user)
    messages.success(request, "The watch has ended, and the key is deleted here.")
    return redirect(order)


@step
def acceptance(request: SignedInRequest, order: Order) -> HttpResponse:
    """The buyer offers to settle for the part that arrived, or the seller agrees."""
    settled = accept_part(order, actor=request.user).status == OrderStatus.COMPLETED
    done = "Settled: the part is paid, and the rest goes back to the buyer."
    messages.success(request, done if settled else "The seller is asked whether they agree.")
    return redirect(order)


@require_safe
@login_required
def report(request: SignedInRequest, order_id: UUID) -> HttpResponse:
    """The verification report, to read and to print."""
    order = _reported(request, order_id)
    signed = reports.signed(order)
    context = {"order": order, "report": signed["report"], "signature": signed["signature"]}
    return render(request, "orders/report.html", context)


@require_safe
@login_required
def report_file(request: SignedInRequest, order_id: UUID) -> HttpResponse:
    """The report as a PDF, with the signed document in it."""
    return documents.answer(request, report_paper.paper(_reported(request, order_id)), "pdf")


def _reported(request: SignedInRequest, order_id: UUID) -> Order:
    """An order of the person's own that was measured, or whose documents were compared."""
    order = _of_party(request, order_id)
    if getattr(order, "verification", None) is None and order.weighed_at is None:
        raise Http404
    return order
