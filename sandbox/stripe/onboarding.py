"""Onboarding: a link made for an account, and the hosted form it leads to."""

import hashlib
import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import connected, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.errors import StripeError
from sandbox.writing import writing

LINK_SECONDS = 10 * 60
COUNTRIES = {
    "us": "United States",
    "at": "Austria",
    "ca": "Canada",
    "de": "Germany",
    "es": "Spain",
    "fr": "France",
    "gb": "United Kingdom",
    "ie": "Ireland",
    "nl": "Netherlands",
}


@endpoint("POST", "/v2/core/account_links")
def create_link(call: Call) -> Answer:
    """A link for the account's owner, good for one visit within ten minutes."""
    account = records.get(connected.KIND, call.params["account"], param="account", status=404)
    use_case = call.params["use_case"]
    use = use_case.get(use_case["type"])
    if use is None:
        param = f"use_case[{use_case['type']}]"
        message = f"Missing required param: {param}."
        raise StripeError(message, code="parameter_missing", param=param)
    now = clock.now()
    token = records.new_key("", 32)
    data = {
        "object": "v2.core.account_link",
        "account": account.key,
        "created": clock.iso(now),
        "expires_at": clock.iso(now + LINK_SECONDS),
        "livemode": False,
        "url": f"{call.origin}/stripe/onboarding/{token}",
        "use_case": use_case,
    }
    inner = {"expires": now + LINK_SECONDS, "used": False, "token": token, "use": use}
    records.create("account_link", {"id": f"link_{token}", "account": account.key}, inner=inner)
    return data


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The hosted form. A link that is used up or expired leads to the platform's refresh_url."""
    with writing():
        link = records.find("account_link", f"link_{token}")
        if link is None:
            raise Http404
        use = link.inner["use"]
        if link.inner["used"] or clock.now() > link.inner["expires"]:
            return HttpResponseRedirect(use["refresh_url"])
        account = records.get(connected.KIND, link.data["account"])
        if request.method != "POST":
            return _form(request, account, {}, {})
        fields = ("country", "name", "account_number")
        typed = {name: request.POST.get(name, "").strip() for name in fields}
        errors = _errors(typed)
        if errors:
            return _form(request, account, typed, errors)
        bank = _bank(account, typed)
        connected.onboard(account, country=typed["country"], name=typed["name"], bank=bank)
        link.inner["used"] = True
        records.save(link)
    response = HttpResponseRedirect(use.get("return_url") or use["refresh_url"])
    response.status_code = 303
    return response


def _form(
    request: HttpRequest, account: Record, typed: dict[str, str], errors: dict[str, str]
) -> HttpResponse:
    country = account.data["identity"]["country"] or "us"
    context = {
        "account": account.data,
        "countries": COUNTRIES,
        "typed": {"country": country.lower(), "account_number": "000123456789"} | typed,
        "errors": errors,
    }
    return render(request, "sandbox/onboarding.html", context)


def _errors(typed: dict[str, str]) -> dict[str, str]:
    errors = {}
    if typed.get("country") not in COUNTRIES:
        errors["country"] = "Choose a country."
    if not typed.get("name"):
        errors["name"] = "Write your legal name."
    if not re.fullmatch(r"\d{6,17}", typed.get("account_number", "")):
        errors["account_number"] = "Write the account number in digits."
    return errors


def _bank(account: Record, typed: dict[str, str]) -> dict[str, Any]:
    """The bank account; owner and number decide the fingerprint.

    Everybody uses the same test number, so the number alone would make one person of all.
    """
    number = typed["account_number"]
    owner = " ".join(typed["name"].lower().split())
    return {
        "id": records.new_key("ba_1"),
        "object": "bank_account",
        "account": account.key,
        "account_holder_name": typed["name"],
        "account_holder_type": "individual",
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": typed["country"].upper(),
        "currency": account.data["defaults"]["currency"],
        "default_for_currency": True,
        "fingerprint": hashlib.sha256(f"bank {owner} {number}".encode()).hexdigest()[:16],
        "last4": number[-4:],
        "metadata": {},
        "routing_number": "110000000",
        "status": "new",
    }


def simulate(key: str) -> None:
    """Onboards an account without a browser, for scripts that prepare demo data."""
    account = records.get(connected.KIND, key)
    name = account.data["display_name"] or account.data["contact_email"] or key
    country = (account.data["identity"]["country"] or "us").lower()
    typed = {"country": country, "name": name, "account_number": "000123456789"}
    bank = _bank(account, typed)
    connected.onboard(account, country=country, name=name, bank=bank)


def ready_made(number: int) -> str:
    """An account that is onboarded already, as the platform would have opened it; its id."""
    wanted = {"stripe_transfers": {"requested": True}}
    params = {
        "contact_email": f"ready{number}@example.com",
        "display_name": f"Ready {number}",
        "configuration": {"recipient": {"capabilities": {"stripe_balance": wanted}}},
    }
    made = connected.create(Call(params=params, ids={}, account="", url="", origin=""))
    simulate(made["id"])
    return str(made["id"])
