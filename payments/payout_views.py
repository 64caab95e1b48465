"""What a seller has coming, and how it gets to their bank."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import restrictions, stepup
from accounts.people import SignedInRequest
from payments import countries, payout_plans, payouts, reserve, statements, tax
from payments import onboarding as onboardings
from payments.forms import PlanForm
from payments.models import Payout, PayoutAccount
from payments.processor.interface import OutcomeUnknown, ProcessorRefused

SHOWN = 50


@require_safe
@login_required
def index(request: SignedInRequest) -> HttpResponse:
    """Balances, what is missing before money can arrive, and past payouts."""
    return _page(request)


def _page(
    request: SignedInRequest, form: PlanForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "account": PayoutAccount.objects.filter(person=request.user).first(),
        "balances": payouts.balances(request.user),
        "payouts": Payout.objects.filter(person__in=request.user.selves)[:SHOWN],
        "months": statements.months(request.user)[:24],
        "reserve": reserve.steps(request.user, payouts.CURRENCY),
        "stopped": [one for one in restrictions.of(request.user) if one.kind == "payouts"],
        "in_question": reserve.in_question(request.user, payouts.CURRENCY),
        "reserve_rule": {
            "bp": settings.RESERVE_BP,
            "days": settings.RESERVE_SECONDS // 86400,
            "trades": settings.RESERVE_TRADES,
        },
        "form": form or PlanForm.of(payout_plans.plan_of(request.user)),
        "currency": payouts.CURRENCY,
        "countries": countries.payable().items(),
        "tax_missing": tax.asking(request.user) and not tax.given(request.user),
        "payable": countries.payable(),
        "sanctioned": countries.sanctioned().values(),
    }
    return render(request, "payouts/index.html", context, status=status)


@require_POST
@login_required
def plan(request: SignedInRequest) -> HttpResponse:
    """Choose how often payouts come by themselves."""
    form = PlanForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    payout_plans.choose(request.user, **form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect("payouts:index")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@stepup.before_posting
def onboarding(request: SignedInRequest) -> HttpResponse:
    """On to the processor's own pages. It sends people back here when a link of theirs expired."""
    if request.method != "POST":
        messages.warning(request, "That link is used up. Continue here when you are ready.")
        return redirect("payouts:index")
    return redirect(
        onboardings.begin(
            person=request.user,
            country=request.POST.get("country", "")[:2],
            return_url=request.build_absolute_uri(reverse("payouts:onboarded")),
            refresh_url=request.build_absolute_uri(reverse("payouts:onboarding")),
        )
    )


@require_safe
@login_required
def onboarded(request: SignedInRequest) -> HttpResponse:
    """Back from those pages: ask how ready the account is. Coming here proves nothing."""
    try:
        account = onboardings.refresh(request.user)
    except (OutcomeUnknown, ProcessorRefused):
        account = None
    if account and account.ready:
        messages.success(request, "Payouts are set up. You can submit listings and be paid.")
    else:
        messages.info(request, "The processor is still checking. This page shows what it needs.")
    return redirect("payouts:index")


class TaxForm(forms.Form):
    """What tax offices want to know of a seller."""

    legal_name = forms.CharField(label="Legal name", max_length=120)
    address = forms.CharField(
        label="Address", max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )
    born_on = forms.DateField(label="Date of birth", widget=forms.DateInput(attrs={"type": "date"}))
    tax_number = forms.CharField(
        label="Tax number",
        max_length=40,
        help_text="As your tax office issued it. We keep it encrypted and never show it again.",
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tax_details(request: SignedInRequest) -> HttpResponse:
    """What the law makes us ask sellers, once they sell that much."""
    form = TaxForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        details = {name: str(value) for name, value in form.cleaned_data.items()}
        tax.keep(request.user, details=details)
        messages.success(request, "Your tax details are stored.")
        return redirect("payouts:index")
    context = {
        "form": form,
        "asking": tax.asking(request.user),
        "year": tax.year_of(request.user, timezone.now().year),
        "given": tax.given(request.user),
    }
    return render(request, "payouts/tax.html", context, status=400 if form.is_bound else 200)


@require_POST
@login_required
@stepup.before_posting
def request_payout(request: SignedInRequest) -> HttpResponse:
    """Send all that is in the seller's account to their bank."""
    payouts.request_payout(request.user)
    messages.success(request, "The payout is on its way. We write when it has arrived.")
    return redirect("payouts:index")
