"""Messages: between the two, masked, not too many, not for ever, and read by nobody else unseen."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client

from accounts.models import AuditEntry, Notification, Person
from accounts.refusals import NotAllowed, WrongState
from orders import conversation, leaving, personal_data
from orders.models import Message, Order
from orders.refusals import TooManyMessages
from tests.api.calling import Caller, problem
from tests.console.conftest import signed_in as at_desk
from tests.orders.quarrels import a_disputed_order, a_sent_order, make_due, now
from tests.orders.test_pages_queries import queries
from tests.trade import at_once

KEY = "sk-ant-api03-" + "A1b2" * 24


@pytest.fixture
def order(buyer: Person) -> Order:
    return a_sent_order(buyer)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_both_write_and_the_other_is_told(order: Order, buyer: Person) -> None:
    path = f"/orders/{order.pk}/messages/"
    for person, other in ((buyer, order.seller), (order.seller, buyer)):
        answer = signed_in(person).post(path, {"text": f"I am {person}"}, follow=True)
        assert f"I am {person}" in answer.content.decode()
        told = Notification.objects.get(kind="message_new", person=other)
        assert told.context["text"] == f"I am {person}"
    page = signed_in(buyer).get(path).content.decode()
    assert page.index(f"I am {order.seller}") < page.index(f"I am {buyer}")


@pytest.mark.parametrize(
    "contact",
    [
        "bea@example.com",
        "bea (at) example (dot) com",
        "https://t.example/join?x=1",
        "www.elsewhere.example",
        "t.me/bea_sells",
        "Telegram: @beasells",
        "@beasells",
        "+49 170 1234567",
        "0170 1234567",
    ],
)
def test_contact_details_are_masked_before_they_are_stored(order: Order, contact: str) -> None:
    text = f"Write to {contact} about it, order of 26.11.2026, $50.00 at 12:30."
    conversation.write(order, actor=order.buyer, text=text)
    stored = Message.objects.get().text
    assert contact not in stored
    assert stored == text.replace(contact, conversation.MASK)
    assert Notification.objects.get(kind="message_new").context["text"] == stored


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("bea＠example.com", "[contact removed]"),
        ("ｈttps://t.example/join", "[contact removed]"),
        ("＋49 170 1234567", "[contact removed]"),
        ("½ of ＄50 at noon", "½ of ＄50 at noon"),
    ],
)
def test_wide_letters_hide_no_contact(order: Order, written: str, stored: str) -> None:
    assert conversation.write(order, actor=order.buyer, text=written).text == stored


def test_the_account_that_the_credit_goes_to_may_be_named(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(recipient="bea@vast.example")
    conversation.write(order, actor=order.buyer, text="It is bea@vast.example, not bo@x.example.")
    assert Message.objects.get().text == "It is bea@vast.example, not [contact removed]."


def test_ordinary_words_are_left_alone(order: Order) -> None:
    text = "Reference 0412-77, invoice 100 200 300, 5 @ $10, 2026-11-26 04:30, signal was weak."
    conversation.write(order, actor=order.buyer, text=text)
    assert Message.objects.get().text == text


@pytest.mark.parametrize("by", ["page", "call"])
def test_a_key_is_refused_naming_the_field(order: Order, buyer: Person, by: str) -> None:
    path = f"orders/{order.pk}/messages/"
    if by == "page":
        answer = signed_in(buyer).post(f"/{path}", {"text": KEY})
        assert (answer.status_code, "looks like a key" in answer.content.decode()) == (400, True)
        assert "id_text_error" in answer.content.decode()
    else:
        found = problem(Caller(buyer).post(path, {"text": KEY}), 400, "invalid")
        assert set(found["errors"]) == {"text"}
    assert not Message.objects.exists()


def test_nobody_else_reads_or_writes(order: Order, buyer2: Person, moderator: Person) -> None:
    conversation.write(order, actor=order.buyer, text="Between us.")
    path = f"orders/{order.pk}/messages/"
    for person in (buyer2, moderator):
        assert signed_in(person).get(f"/{path}").status_code == 404
        assert signed_in(person).post(f"/{path}", {"text": "Me too"}).status_code == 404
        problem(Caller(person).get(path), 404, "not_found")
        problem(Caller(person).post(path, {"text": "Me too"}), 404, "not_found")
        with pytest.raises(NotAllowed):
            conversation.write(order, actor=person, text="Me too")
    assert Message.objects.count() == 1


def test_a_moderator_reads_for_a_reason_that_stays(order: Order, moderator: Person) -> None:
    conversation.write(order, actor=order.buyer, text="Between us.")
    for outside in (Client(), signed_in(order.buyer), signed_in(order.seller)):
        outside.post(f"/console/orders/order/{order.pk}/private/", {"reason": "Curious."})
    assert not AuditEntry.objects.filter(act="messages_read").exists()
    desk, path = at_desk(moderator), f"/console/orders/order/{order.pk}/private/"
    assert (
        "Between us." not in desk.get(f"/console/orders/order/{order.pk}/change/").content.decode()
    )
    assert "Between us." not in desk.post(path, {"reason": ""}, follow=True).content.decode()
    assert not AuditEntry.objects.filter(act="messages_read").exists()
    assert "Between us." in desk.post(path, {"reason": "A dispute."}).content.decode()
    entry = AuditEntry.objects.get(act="messages_read")
    assert (entry.actor, entry.reason) == (moderator, "A dispute.")
    Person.objects.filter(pk=order.seller_id).update(is_staff=True)
    order.seller.refresh_from_db()
    with pytest.raises(NotAllowed):
        conversation.look(order, actor=order.seller, reason="Mine.")
    assert AuditEntry.objects.filter(act="messages_read").count() == 1


def test_a_flood_is_stopped(order: Order) -> None:
    for number in range(conversation.MOST):
        conversation.write(order, actor=order.buyer, text=f"{number}")
    with pytest.raises(TooManyMessages):
        conversation.write(order, actor=order.buyer, text="and more")
    conversation.write(order, actor=order.seller, text="Please stop.")
    Message.objects.filter(by=order.buyer).update(at=Now() - conversation.WITHIN)
    conversation.write(order, actor=order.buyer, text="Later.")


def test_messages_on_two_orders_at_once_count_together(order: Order, buyer: Person) -> None:
    other = a_sent_order(buyer)
    for number in range(conversation.MOST - 1):
        conversation.write(order, actor=buyer, text=f"{number}")
    done = at_once(
        [lambda one=one: conversation.write(one, actor=buyer, text="!") for one in (order, other)]
    )
    assert {type(one) for one in done} == {Message, TooManyMessages}, done


def test_it_closes_some_days_after_the_end(order: Order) -> None:
    make_due(order)
    conversation.write(now(order), actor=order.buyer, text="Thank you.")
    Order.objects.filter(pk=order.pk).update(ended_at=Now() - timedelta(days=15))
    with pytest.raises(WrongState):
        conversation.write(now(order), actor=order.buyer, text="Still there?")
    page = signed_in(order.buyer).get(f"/orders/{order.pk}/messages/").content.decode()
    assert "Thank you." in page
    assert "<textarea" not in page


def test_pages_of_many_cost_as_much_as_pages_of_few(order: Order, buyer: Person) -> None:
    path, api = f"/orders/{order.pk}/messages/", f"orders/{order.pk}/messages/"
    Message.objects.create(order=order, by=buyer, text="number 0")
    with_one = queries(signed_in(buyer), path)
    Message.objects.bulk_create(
        Message(order=order, by=order.seller, text=f"number {n}") for n in range(1, 70)
    )
    assert queries(signed_in(buyer), path) == with_one <= 6
    seen, cursor = [], None
    while True:
        page = Caller(buyer).get(api, limit=30, **({"cursor": cursor} if cursor else {})).json()
        seen += [row["text"] for row in page["results"]]
        if page["next"] is None:
            break
        cursor = page["next"].split("cursor=")[1].split("&")[0]
    assert sorted(seen) == sorted(f"number {n}" for n in range(70))


def test_they_are_exported_and_erased(buyer: Person) -> None:
    order = a_disputed_order(buyer)
    conversation.write(order, actor=buyer, text="zq-mine")
    conversation.write(order, actor=order.seller, text="zq-theirs")
    said = personal_data.PARTS["orders"](buyer)[0]["messages"]
    assert [(row["by"], row["text"]) for row in said] == [
        ("you", "zq-mine"),
        (order.seller.public_name, "zq-theirs"),
    ]
    leaving._texts(buyer)
    assert set(Message.objects.values_list("text", flat=True)) == {leaving.GONE, "zq-theirs"}
