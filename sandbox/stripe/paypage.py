"""The hosted page on which a buyer pays for a Checkout Session."""

from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sandbox.models import Record
from sandbox.stripe import cards, checkout, payment_intents
from sandbox.stripe.cards import Card
from sandbox.stripe.errors import StripeError
from sandbox.writing import writing


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, session: str) -> HttpResponse:
    """Shows the form, or pays with what was typed into it."""
    if request.method != "POST":
        return _page(request, _session(session))
    typed = {name: request.POST.get(name, "") for name in ("number", "exp", "cvc", "name")}
    with writing():
        record = _session(session)
        if record.data["status"] != "open":
            return _done(request, record)
        try:
            card = cards.entered(number=typed["number"], exp=typed["exp"], cvc=typed["cvc"])
        except StripeError as error:
            return _page(request, record, error=str(error), typed=typed)
        intent = checkout.intent_of(record)
        if card.authenticates:
            payment_intents.require_action(intent, card)
            record.inner["name"] = typed["name"]
            record.save()
            return _see_other(f"/stripe/pay/{record.key}/authenticate")
        return _charge(request, record, intent, card, typed)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def authenticate(request: HttpRequest, session: str) -> HttpResponse:
    """The bank's page that 3D Secure cards lead to: the buyer completes or fails it."""
    with writing():
        record = _session(session)
        if record.data["status"] != "open":
            return _done(request, record)
        intent = checkout.intent_of(record)
        if intent.data["status"] != "requires_action":
            return _see_other(f"/stripe/pay/{record.key}")
        if request.method != "POST":
            return render(request, "sandbox/authenticate.html", _context(record))
        if request.POST.get("outcome") != "complete":
            payment_intents.fail_authentication(intent)
            message = cards.MESSAGES["authentication"]
            return _page(request, record, error=message)
        chosen = intent.inner["card"]
        month, year = chosen["exp"]
        card = replace(cards.BY_NUMBER[chosen["number"]], exp_month=month, exp_year=year)
        return _charge(request, record, intent, card, {"name": record.inner.get("name", "")})


def _charge(
    request: HttpRequest, record: Record, intent: Record, card: Card, typed: dict[str, str]
) -> HttpResponse:
    name, email = typed["name"], record.data["customer_email"] or ""
    payment_intents.pay(intent, card, name=name, email=email)
    if card.code:
        return _page(request, record, error=card.message, typed=typed)
    checkout.complete(record, name=name)
    return _see_other(_success_url(record))


def _session(key: str) -> Record:
    record = Record.objects.filter(kind="checkout.session", key=key).first()
    if record is None:
        raise Http404
    return record


def _done(request: HttpRequest, record: Record) -> HttpResponse:
    """A form sent twice lands where the first one did; an expired session says so."""
    if record.data["status"] == "complete" and request.method == "POST":
        return _see_other(_success_url(record))
    return _page(request, record)


def _page(
    request: HttpRequest,
    record: Record,
    *,
    error: str = "",
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    # The security code is never shown again, as on a real payment page.
    kept = {name: value for name, value in (typed or {}).items() if name != "cvc"}
    context = _context(record) | {"error": error, "typed": kept}
    return render(request, "sandbox/pay.html", context)


def _context(record: Record) -> dict[str, object]:
    data = record.data
    return {
        "session": data,
        "items": record.inner["line_items"],
        "total": f"{data['amount_total'] / 100:.2f} {data['currency'].upper()}",
        "success_url": _success_url(record),
        "pay_url": f"/stripe/pay/{record.key}",
    }


def _success_url(record: Record) -> str:
    return str(record.data["success_url"]).replace("{CHECKOUT_SESSION_ID}", record.key)


def _see_other(url: str) -> HttpResponse:
    response = redirect(url)
    response.status_code = 303
    return response
