"""Every step of a trade, by everybody: who may take it, takes it; for others nothing changes."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Notification, Person
from listings.models import Code, Listing
from orders.models import Dispute, Order, OrderEvent
from payments.models import Escrow, EscrowEvent, Instruction, Posting
from tests.factories import PASSWORD
from tests.orders.stages import BY_CODE, CODES, SENT, an_order, an_order_by
from tests.sandbox_process import SandboxProcess
from tests.sessions import shown
from tests.trade import an_offer, paid, pay, placed

INPUT = {
    "payment": {},
    "recipient": {"recipient": "bea@example.com"},
    "cancellation": {},
    "transfer": {"note": "Sent it just now, reference 17."},
    "reveal": {},
    "confirmation": {},
    "dispute": {"reason": "not_received", "text": "Nothing has arrived yet."},
}
KEPT: tuple[Any, ...] = (
    *(Order, OrderEvent, Dispute, Escrow, EscrowEvent),
    *(Instruction, Posting, Listing, Code, Notification),
)


def rows() -> dict[str, list[dict[str, Any]]]:
    return {kind.__name__: list(kind.objects.order_by("pk").values()) for kind in KEPT}


def signed_in(person: Person | None, **options: Any) -> Client:
    client = Client(**options)
    if person:
        client.force_login(person)
        shown(client, person, "password")
    return client


def take(client: Client, order: Order, step: str) -> Any:
    return client.post(f"/orders/{order.pk}/{step}/", INPUT[step])


@pytest.mark.parametrize(
    ("stage", "method"),
    [
        ("placed", "balance_transfer"),
        ("paid", "balance_transfer"),
        ("paid", "redeem_code"),
        ("transferred", "balance_transfer"),
        ("transferred", "redeem_code"),
        ("confirmed", "balance_transfer"),
        ("declined", "redeem_code"),
    ],
)
def test_a_refused_step_changes_nothing(
    stage: str,
    method: str,
    sandbox: SandboxProcess,
    buyer: Person,
    buyer2: Person,
    moderator: Person,
) -> None:
    order = an_order_by(method, buyer, stage)
    table = BY_CODE if method == "redeem_code" else SENT
    for_buyer, for_seller = table.get(stage, (set(), set()))
    if method == "redeem_code" and stage == "paid":
        # No page asks for it, but to say where one's codes will be used does no harm.
        for_buyer = for_buyer | {"recipient"}
    before = rows()
    for step in INPUT:
        assert take(signed_in(None), order, step).url.startswith("/accounts/login/?next=/orders/")
        for other in (buyer2, moderator):
            assert take(signed_in(other), order, step).status_code == 404, step
        for party, may in ((buyer, for_buyer), (order.seller, for_seller)):
            if step not in may:
                assert take(signed_in(party), order, step).status_code in (403, 409), step
        for party in (buyer, order.seller):
            client = signed_in(party)
            if step != "dispute":
                assert client.get(f"/orders/{order.pk}/{step}/").status_code == 405
            for verb in (client.put, client.patch, client.delete):
                assert verb(f"/orders/{order.pk}/{step}/").status_code == 405
    assert rows() == before


@pytest.mark.parametrize(
    ("stage", "method", "step", "by", "then"),
    [
        ("placed", "balance_transfer", "recipient", "buyer", "placed"),
        ("placed", "balance_transfer", "cancellation", "buyer", "cancelled"),
        ("paid", "balance_transfer", "recipient", "buyer", "paid"),
        ("paid", "balance_transfer", "dispute", "buyer", "disputed"),
        ("paid", "balance_transfer", "transfer", "seller", "transferred"),
        ("paid", "balance_transfer", "cancellation", "seller", "cancelled"),
        ("transferred", "balance_transfer", "confirmation", "buyer", "completed"),
        ("verified", "balance_transfer", "confirmation", "buyer", "completed"),
        ("transferred", "redeem_code", "dispute", "buyer", "disputed"),
    ],
)
def test_an_allowed_step_is_taken(
    stage: str, method: str, step: str, by: str, then: str, sandbox: SandboxProcess, buyer: Person
) -> None:
    order = an_order_by(method, buyer, stage)
    client = signed_in(buyer if by == "buyer" else order.seller)
    answer = client.post(f"/orders/{order.pk}/{step}/", INPUT[step], follow=True)
    assert answer.redirect_chain == [(order.get_absolute_url(), 302)]
    assert answer.status_code == 200
    order.refresh_from_db()
    assert order.status == then


def test_paying_leads_to_the_payment_page(sandbox: SandboxProcess, buyer: Person) -> None:
    order = an_order(buyer=buyer, listing=an_offer())
    assert take(signed_in(buyer), order, "payment").url == order.escrow.checkout_url


def test_codes_are_in_the_answer_to_revealing_alone(sandbox: SandboxProcess, buyer: Person) -> None:
    order = an_order_by("redeem_code", buyer, "paid")
    client = signed_in(buyer)
    for _ in range(2):  # and again, as often as the buyer likes
        answer = take(client, order, "reveal")
        assert CODES[0] in answer.content.decode()
        assert CODES[1] not in answer.content.decode()
        assert "no-store" in answer.headers["Cache-Control"]
    assert CODES[0] not in client.get(order.get_absolute_url()).content.decode()
    assert [event.kind for event in order.events.all()][-2:] == ["revealed", "revealed_again"]


def test_several_codes_are_shown_to_somebody_who_just_showed_who_they_are(
    sandbox: SandboxProcess, buyer: Person
) -> None:
    """A session that was stolen while its owner was away gets none of them."""
    offer = an_offer(codes=CODES)
    order = paid(placed(buyer, offer, offer.face_value_cents))
    assert Code.objects.filter(reserved_for=order.pk).count() > 1
    client = Client()
    client.force_login(buyer)
    before = rows()
    answer = take(client, order, "reveal")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert rows() == before
    answer = client.post(answer.headers["Location"], {"password": PASSWORD})
    assert CODES[0] in answer.content.decode()


def test_the_buyer_returns_from_the_payment_page(
    sandbox: SandboxProcess, buyer: Person, buyer2: Person
) -> None:
    order = an_order(buyer=buyer, listing=an_offer())
    back = f"/orders/{order.pk}/returned/"
    assert signed_in(buyer2).get(back).status_code == 404
    client = signed_in(buyer)
    assert client.get(back).headers["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert order.status == "placed"  # coming back is not paying
    pay(order)
    assert client.get(back).headers["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert order.status == "paid"


def test_what_changes_is_sent_once(sandbox: SandboxProcess, buyer: Person, buyer2: Person) -> None:
    order = an_order(buyer=buyer, listing=an_offer(), stage="paid")
    state, client = f"/orders/{order.pk}/state/", signed_in(buyer)
    seen = client.get(state).context["trade"].version
    assert client.get(state, {"seen": seen}).status_code == 204
    take(signed_in(order.seller), order, "cancellation")
    answer = client.get(state, {"seen": seen}, headers={"HX-Request": "true"})
    assert answer.status_code == 286  # the last word: htmx asks no more
    assert "goes back to Bea" in answer.content.decode()
    assert signed_in(buyer2).get(state).status_code == 404
    assert signed_in(None).get(state).status_code == 404


@pytest.mark.parametrize(
    ("step", "data", "by", "says"),
    [
        ("recipient", {"recipient": ""}, "buyer", "This field is required"),
        ("recipient", {"recipient": "x" * 255}, "buyer", "at most 254 characters"),
        ("recipient", {"recipient": "r8_" + "a1B2c3D4e5" * 4}, "buyer", "looks like a key"),
        ("transfer", {"note": ""}, "seller", "This field is required"),
        ("transfer", {"note": "key: r8_" + "a1B2c3D4e5" * 4}, "seller", "looks like a key"),
        ("dispute", {"reason": "nonsense", "text": "Nothing came."}, "buyer", "not one of"),
        ("dispute", {"reason": "other", "text": "Hm"}, "buyer", "at least 10 characters"),
    ],
)
def test_wrong_input_is_named_and_kept(
    step: str, data: dict[str, str], by: str, says: str, sandbox: SandboxProcess, buyer: Person
) -> None:
    order = an_order(buyer=buyer, listing=an_offer(), stage="paid")
    before = rows()
    client = signed_in(buyer if by == "buyer" else order.seller)
    answer = client.post(f"/orders/{order.pk}/{step}/", data)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert says in page
    assert 'aria-invalid="true"' in page
    for value in data.values():
        assert value in page
    assert rows() == before


def test_a_step_without_our_form_is_refused(sandbox: SandboxProcess, buyer: Person) -> None:
    order = an_order(buyer=buyer, listing=an_offer(), stage="transferred")
    before = rows()
    client = signed_in(buyer, enforce_csrf_checks=True)
    for step in (*INPUT,):
        assert take(client, order, step).status_code == 403
    assert client.post(f"/orders/new/{order.listing_id}/").status_code == 403
    assert rows() == before


def test_a_refusal_is_told_on_the_page_it_came_from(sandbox: SandboxProcess, buyer: Person) -> None:
    order = an_order(buyer=buyer, listing=an_offer(), stage="paid")
    answer = signed_in(buyer).post(
        f"/orders/{order.pk}/confirmation/",
        headers={"Referer": f"http://testserver{order.get_absolute_url()}"},
        follow=True,
    )
    assert answer.redirect_chain[0][0].endswith(order.get_absolute_url())
    assert "does not fit the present state" in answer.content.decode()
