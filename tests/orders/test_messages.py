"""Messages: between the two, masked, not too many, not for ever, and read by nobody else unseen."""

import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.test import Client
from PIL import Image

from accounts.models import AuditEntry, Notification, Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from orders import conversation, handing_in, leaving, personal_data, weighing
from orders.models import Evidence, Message, Order
from orders.refusals import TooManyMessages
from tests.api.calling import Caller, problem
from tests.console.conftest import signed_in as at_desk
from tests.factories import a_document
from tests.orders.quarrels import a_disputed_order, a_sent_order, make_due, now
from tests.orders.test_evidence import a_picture, hand_in
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
    say(order, buyer)
    Message.objects.exclude(text="number 0").update(text="number 70")
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
    assert sorted(seen) == sorted(f"number {n}" for n in range(71))


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


def say(order: Order, person: Person, picture: Any = None, **given: Any) -> Message:
    given = {"nonce": handing_in.new_nonce(order, person), "text": "See the picture."} | given
    return conversation.write(order, actor=person, picture=picture or a_picture(), **given)


def test_a_picture_goes_along_for_the_two_and_lies_encrypted(order: Order, buyer: Person) -> None:
    path = f"/orders/{order.pk}/messages/"
    page = signed_in(buyer).get(path).content.decode()
    assert 'enctype="multipart/form-data"' in page
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce is not None
    hidden = a_picture("JPEG", comment=b"zq-hidden")
    given = {"text": "Look.", "picture": hidden, "nonce": nonce[1]}
    assert signed_in(buyer).post(path, given).status_code == 302
    picture = Message.objects.get().picture
    assert (picture.by, picture.order, picture.kind) == (buyer, order, "message")
    assert len(picture.digest) == 64
    assert b"JFIF" not in bytes(picture.ciphertext or b"")
    assert Notification.objects.get(kind="message_new").context["picture"] is True
    for person in (buyer, order.seller):
        assert f"evidence/{picture.pk}/" in signed_in(person).get(path).content.decode()
        served = signed_in(person).get(f"/orders/{order.pk}/evidence/{picture.pk}/")
        assert served.headers["Content-Disposition"].startswith("attachment")
        assert Image.open(io.BytesIO(served.content)).size == (60, 40)
        assert b"zq-hidden" not in served.content
    # It is no evidence that was handed in to be compared.
    evidence = signed_in(buyer).get(f"/orders/{order.pk}/evidence/").content.decode()
    assert "Nothing was handed in." in evidence
    assert not weighing.may_conclude(now(order))


def test_a_picture_with_a_message_is_nobody_elses(
    order: Order, buyer: Person, buyer2: Person, moderator: Person
) -> None:
    picture = say(order, buyer).picture
    other = a_sent_order(buyer2)
    for path in (
        f"orders/{order.pk}/evidence/{picture.pk}/",
        f"orders/{other.pk}/evidence/{picture.pk}/",
    ):
        for person in (buyer2, moderator):
            assert signed_in(person).get(f"/{path}").status_code == 404
            problem(Caller(person).get(path), 404, "not_found")
    with pytest.raises(NotAllowed):
        say(order, buyer2)
    desk, path = at_desk(moderator), f"/console/orders/order/{order.pk}/"
    assert desk.get(f"{path}evidence/{picture.pk}/").status_code == 403
    page = desk.post(f"{path}private/", {"reason": "A complaint."}).content.decode()
    assert f"{path}evidence/{picture.pk}/" in page
    assert desk.get(f"{path}evidence/{picture.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (a_document, "Make a picture of the page"),
        (lambda: SimpleUploadedFile("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "PNG"),
        (lambda: SimpleUploadedFile("x.png", b""), "empty"),
        (lambda: SimpleUploadedFile("x.png", b"1" * (5 * 1024 * 1024 + 1)), "at most 5 MB"),
    ],
)
def test_what_is_no_picture_is_refused_and_nothing_is_said(
    order: Order, buyer: Person, picture: Any, words: str
) -> None:
    path, nonce = f"/orders/{order.pk}/messages/", handing_in.new_nonce(order, buyer)
    given = {"text": "Kept in the form.", "picture": picture(), "nonce": nonce}
    answer = signed_in(buyer).post(path, given)
    page = answer.content.decode()
    assert (answer.status_code, words in page, "Kept in the form." in page) == (400, True, True)
    assert "id_picture_error" in page
    assert not Message.objects.exists()
    assert not Notification.objects.filter(kind="message_new").exists()


def test_a_form_with_a_picture_counts_once_and_where_it_belongs(
    order: Order, buyer: Person, buyer2: Person
) -> None:
    other = a_sent_order(buyer2)
    for nonce in (
        "",
        "made-up",
        handing_in.new_nonce(other, buyer),
        handing_in.new_nonce(order, order.seller),
    ):
        with pytest.raises(Invalid) as refused:
            say(order, buyer, nonce=nonce)
        assert refused.value.field == "nonce"
    nonce = handing_in.new_nonce(order, buyer)
    say(order, buyer, nonce=nonce)
    with pytest.raises(Invalid, match="was used"):
        say(order, buyer, nonce=nonce)
    assert Message.objects.count() == Evidence.objects.count() == 1


def test_the_same_picture_is_shown_in_one_trade_only(
    order: Order, buyer: Person, buyer2: Person
) -> None:
    say(order, buyer, a_picture(colour=9100))
    other = a_sent_order(buyer2)
    with pytest.raises(Invalid, match="in one trade only"):
        say(other, buyer2, a_picture(colour=9100))
    with pytest.raises(Invalid, match="in one trade only"):
        hand_in(other, buyer2, a_picture(colour=9100))
    assert (Message.objects.count(), Evidence.objects.count()) == (1, 1)


def test_pictures_have_an_end(order: Order, buyer: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(handing_in, "MOST_EACH", 2)
    for _ in range(2):
        say(order, buyer)
    with pytest.raises(Invalid, match="You have sent 2 pictures") as refused:
        say(order, buyer)
    assert refused.value.field == "picture"
    say(order, order.seller)
    hand_in(now(order), buyer)
    assert Message.objects.count() == 3


def test_a_picture_by_call(order: Order, buyer: Person) -> None:
    caller, path = Caller(buyer), f"orders/{order.pk}/messages/"
    nonce = caller.get(path).json()["nonce"]
    made = caller.upload(path, text="Look.", picture=a_picture(), nonce=nonce)
    assert made.status_code == 201, made.content
    listed = caller.get(path).json()["results"]
    assert listed == [made.json()]
    shown = listed[0]["picture"]
    assert (shown["content_type"], shown["size_bytes"] > 0) == ("image/png", True)
    assert caller.get(f"orders/{order.pk}/evidence/{shown['id']}/").content.startswith(b"\x89PNG")
    again = caller.upload(path, text="Again.", picture=a_picture(), nonce=nonce)
    assert set(problem(again, 400, "invalid")["errors"]) == {"nonce"}
    wrong = caller.upload(path, text=KEY, picture=a_picture(), nonce=nonce)
    assert set(problem(wrong, 400, "invalid")["errors"]) == {"text"}
    plain = caller.post(path, {"text": "Words alone."}).json()
    assert plain["picture"] is None


def test_a_picture_is_exported_and_erased_with_whoever_sent_it(buyer: Person) -> None:
    order = a_disputed_order(buyer)
    picture = say(order, buyer).picture
    said = personal_data.PARTS["orders"](buyer)[0]["messages"]
    assert said[0]["picture"] == f"evidence-{picture.pk}.png"
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        personal_data._documents(buyer, archive)
    assert zipfile.ZipFile(kept).namelist() == [f"documents/evidence-{picture.pk}.png"]
    leaving._texts(buyer)
    path = f"/orders/{order.pk}/"
    assert signed_in(order.seller).get(f"{path}evidence/{picture.pk}/").status_code == 404
    page = signed_in(order.seller).get(f"{path}messages/").content.decode()
    assert "The picture was erased." in page
    assert (
        Caller(order.seller)
        .get(f"orders/{order.pk}/messages/")
        .json()["results"][0]["picture"]["url"]
        is None
    )
    picture.refresh_from_db()
    assert (picture.ciphertext, len(picture.digest)) == (None, 64)
