"""The hosted page on which a buyer pays for a Checkout Session."""

from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sandbox.models import Record
from sandbox.stripe import cards, checkout, payment_intents, setup_intents, setup_sessions
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
        if card.authenticates:
            _require_action(record, card)
            record.inner["name"] = typed["name"]
            record.save()
            return _see_other(f"/stripe/pay/{record.key}/authenticate")
        return _carry_out(request, record, card, typed)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def authenticate(request: HttpRequest, session: str) -> HttpResponse:
    """The bank's page that 3D Secure cards lead to: the buyer completes or fails it."""
    with writing():
        record = _session(session)
        if record.data["status"] != "open":
            return _done(request, record)
        setup = record.data["mode"] == "setup"
        intent = setup_sessions.intent_of(record) if setup else checkout.intent_of(record)
        if intent.data["status"] != "requires_action":
            return _see_other(f"/stripe/pay/{record.key}")
        if request.method != "POST":
            return render(request, "sandbox/authenticate.html", _context(record))
        if request.POST.get("outcome") != "complete":
            (setup_intents if setup else payment_intents).fail_authentication(intent)
            message = cards.MESSAGES["authentication"]
            return _page(request, record, error=message)
        chosen = intent.inner["card"]
        month, year = chosen["exp"]
        card = replace(cards.BY_NUMBER[chosen["number"]], exp_month=month, exp_year=year)
        return _carry_out(request, record, card, {"name": record.inner.get("name", "")})


def _require_action(record: Record, card: Card) -> None:
    if record.data["mode"] == "setup":
        setup_intents.require_action(setup_sessions.intent_of(record), card)
    else:
        payment_intents.require_action(checkout.intent_of(record), card)


def _carry_out(
    request: HttpRequest, record: Record, card: Card, typed: dict[str, str]
) -> HttpResponse:
    """Keep or charge the card, as the session wants, and go on; or say why not."""
    if record.data["mode"] == "setup":
        done = setup_sessions.keep(record, card, name=typed["name"])
    else:
        done = _charge(record, card, name=typed["name"])
    if not done:
        return _page(request, record, error=card.message, typed=typed)
    return _see_other(_success_url(record))


def _charge(record: Record, card: Card, *, name: str) -> bool:
    email = record.data["customer_email"] or ""
    payment_intents.pay(checkout.intent_of(record), card, name=name, email=email)
    if not card.code:
        checkout.complete(record, name=name)
    return not card.code


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
    setup = data["mode"] == "setup"
    total = "" if setup else f"{data['amount_total'] / 100:.2f} {data['currency'].upper()}"
    return {
        "session": data,
        "items": record.inner["line_items"],
        "total": total,
        "note": ((data["custom_text"] or {}).get("submit") or {}).get("message", ""),
        "success_url": _success_url(record),
        "pay_url": f"/stripe/pay/{record.key}",
    }


def _success_url(record: Record) -> str:
    return str(record.data["success_url"]).replace("{CHECKOUT_SESSION_ID}", record.key)


def _see_other(url: str) -> HttpResponse:
    response = redirect(url)
    response.status_code = 303
    return response
