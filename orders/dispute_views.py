"""The pages of a dispute. Every step is a POST to a noun, by a party."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.people import SignedInRequest
from accounts.refusals import Invalid, WrongState
from orders import decisions, disputes, handing_in, proposals, timeline
from orders.dispute_page import picture
from orders.forms import AnswerForm, AppealForm, DisputeForm, ProposalForm
from orders.models import Order, OrderStatus
from orders.views import _of_party, step


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """How disputes end: the clocks and the table of defaults, with its history."""
    history = list(decisions.history())
    counts = next((change.table for change in history if change.has_begun), None)
    return rules_page(request, counts or decisions.file_table(), history=history)


def rules_page(
    request: HttpRequest, table: decisions.Table, *, history: Iterable[decisions.Change]
) -> HttpResponse:
    """The same page with any table, as it is or as somebody proposes it."""
    clocks = {
        "answer": settings.ANSWER_WITHIN_SECONDS,
        "agree": settings.AGREE_WITHIN_SECONDS,
        "proposal": settings.PROPOSAL_LASTS_SECONDS,
        "decide": settings.DECIDE_WITHIN_SECONDS,
        "appeal": settings.APPEAL_WITHIN_SECONDS,
    }
    context = {
        "rules": table.rules,
        "history": history,
        "clocks": clocks,
        "parts_from": settings.PARTS_FROM_CENTS,
    }
    return render(request, "orders/dispute_rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def dispute(request: SignedInRequest, order_id: UUID) -> HttpResponse:
    """The dispute of an order; before there is one, the form by which the buyer opens it."""
    order = _of_party(request, order_id)
    if request.method != "POST" and getattr(order, "dispute", None) is not None:
        return _page(request, order)
    trade = timeline.trade(order, viewer=request.user)
    if request.method != "POST" and "dispute" not in trade.may:
        return redirect(order)
    form = DisputeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        disputes.open_dispute(order, actor=request.user, **form.cleaned_data)
        messages.success(request, "The dispute is open. No money moves until it has ended.")
        return redirect(order)
    context = {
        "order": order,
        "trade": trade,
        "form": form,
        "answer_within_seconds": settings.ANSWER_WITHIN_SECONDS,
    }
    return render(request, "orders/dispute.html", context, status=400 if form.is_bound else 200)


def _page(
    request: SignedInRequest, order: Order, *, status: int = 200, **forms: Any
) -> HttpResponse:
    if getattr(order, "dispute", None) is None:
        raise WrongState
    context = {
        "order": order,
        "trade": timeline.trade(order, viewer=request.user),
        "page": picture(order, viewer=request.user),
        "evidence": handing_in.of(order),
        "answer_form": AnswerForm(),
        "proposal_form": ProposalForm(),
        "appeal_form": AppealForm(),
    }
    return render(request, "orders/dispute_page.html", context | forms, status=status)


@step
def answer(request: SignedInRequest, order: Order) -> HttpResponse:
    """The seller says how they see it."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, order, status=400, answer_form=form)
    disputes.answer(order, actor=request.user, **form.cleaned_data)
    messages.success(request, "Your answer is with the buyer. Now you can agree between you.")
    return redirect("orders:dispute", order.pk)


@step
def escalation(request: SignedInRequest, order: Order) -> HttpResponse:
    """A party asks a moderator to decide."""
    disputes.escalate(order, actor=request.user)
    messages.success(request, "A moderator is asked to decide. You can still agree meanwhile.")
    return redirect("orders:dispute", order.pk)


@step
def concession(request: SignedInRequest, order: Order) -> HttpResponse:
    """A party gives in."""
    settled = disputes.concede(order, actor=request.user)
    released = settled.status == OrderStatus.COMPLETED
    done = "The payment is released." if released else "The buyer gets everything back."
    messages.success(request, f"The dispute has ended. {done}")
    return redirect(order)


@step
def proposal(request: SignedInRequest, order: Order) -> HttpResponse:
    """A party proposes a split."""
    form = ProposalForm(request.POST)
    if form.is_valid():
        try:
            proposals.propose(order, actor=request.user, **form.cleaned_data)
        except Invalid as error:
            form.add_error("refund_cents", str(error))
    if form.errors:
        return _page(request, order, status=400, proposal_form=form)
    messages.success(request, "Your proposal is made. It counts until the other side answers.")
    return redirect("orders:dispute", order.pk)


@step
def proposal_acceptance(request: SignedInRequest, order: Order, proposal_id: int) -> HttpResponse:
    """The other party agrees, and the payment is split."""
    proposals.accept(order, actor=request.user, proposal_id=proposal_id)
    messages.success(request, "You agreed. The payment is split, and the dispute has ended.")
    return redirect(order)


@step
def proposal_refusal(request: SignedInRequest, order: Order, proposal_id: int) -> HttpResponse:
    """The other party does not agree."""
    proposals.refuse(order, actor=request.user, proposal_id=proposal_id)
    messages.success(request, "You refused. You can propose something else.")
    return redirect("orders:dispute", order.pk)


@step
def appeal(request: SignedInRequest, order: Order) -> HttpResponse:
    """A party asks a second moderator."""
    form = AppealForm(request.POST)
    if not form.is_valid():
        return _page(request, order, status=400, appeal_form=form)
    disputes.appeal(order, actor=request.user, **form.cleaned_data)
    messages.success(request, "You appealed. Another moderator decides, and no money moves yet.")
    return redirect("orders:dispute", order.pk)


@step
def acceptance(request: SignedInRequest, order: Order) -> HttpResponse:
    """A party will not appeal."""
    disputes.accept(order, actor=request.user)
    messages.success(request, "You accepted the decision.")
    return redirect(order)
