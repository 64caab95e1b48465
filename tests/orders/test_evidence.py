"""Evidence: pictures bound to one trade, harmless, private, and erased with whoever gave them."""

import io
import zipfile
from itertools import count
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, PngImagePlugin

from accounts.models import AuditEntry, Notification, Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from orders import handing_in, leaving, personal_data
from orders.models import Evidence, Order
from tests.api.calling import Caller, problem
from tests.console.conftest import signed_in as at_desk
from tests.factories import a_document, a_listing
from tests.orders.quarrels import a_disputed_order, a_sent_order, make_due, now
from tests.trade import at_once
from tests.verification.measured import paid

_colours = count(1)
CANARY = b"zq-hidden-canary"


def a_picture(form: str = "PNG", colour: int | None = None, **saved: Any) -> SimpleUploadedFile:
    """A small picture unlike any other, unless a colour is given."""
    number = next(_colours) if colour is None else colour
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (number % 256, number // 256, 7)).save(out, form, **saved)
    return SimpleUploadedFile("shot.png", out.getvalue(), content_type="image/png")


def hand_in(order: Order, person: Person, picture: Any = None, **given: Any) -> Evidence:
    given = {"nonce": handing_in.new_nonce(order, person), "kind": "account"} | given
    return handing_in.hand_in(order, actor=person, picture=picture or a_picture(), **given)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def order(buyer: Person) -> Order:
    return a_disputed_order(buyer)


def test_both_see_it_as_an_attachment_and_it_lies_encrypted(order: Order, buyer: Person) -> None:
    given = {"nonce": handing_in.new_nonce(order, buyer), "kind": "account", "note": "My balance"}
    path = f"/orders/{order.pk}/evidence/"
    answer = signed_in(buyer).post(path, given | {"picture": a_picture()}, follow=True)
    assert "Handed in." in answer.content.decode()
    evidence = Evidence.objects.get()
    assert b"PNG" not in bytes(evidence.ciphertext or b"")
    assert Notification.objects.get(kind="evidence_new").person == order.seller
    for person in (buyer, order.seller):
        assert "My balance" in signed_in(person).get(path).content.decode()
        dispute = signed_in(person).get(f"/orders/{order.pk}/dispute/").content.decode()
        assert f"{path}{evidence.pk}/" in dispute
        served = signed_in(person).get(f"{path}{evidence.pk}/")
        assert Image.open(io.BytesIO(served.content)).size == (60, 40)
        assert served.headers["Content-Disposition"].startswith("attachment")
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in served.headers["Cache-Control"]


def test_nobody_else_finds_it(order: Order, buyer: Person, buyer2: Person) -> None:
    evidence = hand_in(order, buyer)
    other = a_sent_order(buyer2)
    for path in (
        f"orders/{order.pk}/evidence/",
        f"orders/{order.pk}/evidence/{evidence.pk}/",
        f"orders/{other.pk}/evidence/{evidence.pk}/",
    ):
        assert signed_in(buyer2).get(f"/{path}").status_code == 404
        problem(Caller(buyer2).get(path), 404, "not_found")
    with pytest.raises(NotAllowed):
        hand_in(order, buyer2)


def test_a_moderator_sees_it_after_giving_a_reason(
    order: Order, buyer: Person, moderator: Person
) -> None:
    evidence = hand_in(order, buyer)
    desk, path = at_desk(moderator), f"/console/orders/order/{order.pk}/"
    assert desk.get(f"{path}evidence/{evidence.pk}/").status_code == 403
    page = desk.post(f"{path}private/", {"reason": "The dispute."}).content.decode()
    assert handing_in.code_of(order) in page
    assert f"{path}evidence/{evidence.pk}/" in page
    served = desk.get(f"{path}evidence/{evidence.pk}/")
    assert served.headers["Content-Disposition"].startswith("attachment")
    assert AuditEntry.objects.filter(act="messages_read", actor=moderator).count() == 1
    assert desk.get(f"{path}evidence/{evidence.pk + 1}/").status_code == 404


@pytest.mark.parametrize("again", ["the same file", "saved anew", "with other words in it"])
def test_the_same_picture_is_refused_on_another_order(
    order: Order, buyer: Person, buyer2: Person, again: str
) -> None:
    """Abuse case 44: a picture that was evidence in one trade is none in another."""
    hand_in(order, buyer, a_picture(colour=9000))
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "another")
    saved = {"the same file": {}, "saved anew": {"compress_level": 1}}.get(
        again, {"pnginfo": words}
    )
    other = a_sent_order(buyer2)
    with pytest.raises(Invalid, match="in one trade only") as refused:
        hand_in(other, buyer2, a_picture(colour=9000, **saved))
    assert refused.value.field == "picture"
    assert Evidence.objects.count() == 1


def test_a_nonce_is_for_one_upload_of_one_person_on_one_order(
    order: Order, buyer: Person, buyer2: Person
) -> None:
    """Abuse case 44: what is handed in is bound to its order by a nonce."""
    other = a_sent_order(buyer2)
    wrong = (
        handing_in.new_nonce(other, buyer),
        handing_in.new_nonce(order, order.seller),
        "made-up",
    )
    for nonce in wrong:
        with pytest.raises(Invalid) as refused:
            hand_in(order, buyer, nonce=nonce)
        assert refused.value.field == "nonce"
    nonce = handing_in.new_nonce(order, buyer)
    hand_in(order, buyer, nonce=nonce)
    with pytest.raises(Invalid, match="was used"):
        hand_in(order, buyer, nonce=nonce)
    assert Evidence.objects.count() == 1


def test_one_nonce_at_once_is_used_once(books: None, buyer: Person) -> None:
    order = a_disputed_order(buyer)
    nonce = handing_in.new_nonce(order, buyer)
    results = at_once([lambda: hand_in(now(order), buyer, nonce=nonce)] * 4)
    assert sum(isinstance(result, Evidence) for result in results) == 1
    assert all(isinstance(r, Invalid) for r in results if isinstance(r, Exception)), results


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_polyglot_loses_its_tail_and_everything_hidden(
    order: Order, buyer: Person, form: str
) -> None:
    hidden: dict[str, Any] = {"comment": CANARY} if form == "JPEG" else {"icc_profile": CANARY}
    picture = a_picture(form, **hidden)
    tail = SimpleUploadedFile("x.png", picture.read() + b"<script>%PDF-1.7 " + CANARY)
    evidence = hand_in(order, buyer, tail)
    found = handing_in.picture_of(order, evidence.pk)
    assert found is not None
    assert CANARY not in found[1]
    assert b"<script>" not in found[1]


def bomb() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("1", (8000, 8000)).save(out, "PNG", optimize=True)
    return SimpleUploadedFile("bomb.png", out.getvalue())


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (bomb, "too large"),
        (a_document, "Make a picture of the page"),
        (lambda: SimpleUploadedFile("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "PNG"),
        (lambda: SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\n" + b"0" * 99), "PNG"),
        (lambda: SimpleUploadedFile("x.png", b""), "not empty"),
        (lambda: SimpleUploadedFile("x.png", b"1" * (5 * 1024 * 1024 + 1)), "at most 5 MB"),
    ],
)
def test_what_is_no_harmless_picture_is_refused(
    order: Order, buyer: Person, picture: Any, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        hand_in(order, buyer, picture())
    assert refused.value.field == "picture"
    assert not Evidence.objects.exists()
    assert not order.events.filter(kind="evidence_handed_in").exists()


def test_it_is_taken_while_the_payment_is_held(buyer: Person) -> None:
    order = a_sent_order(buyer)
    hand_in(order, buyer)
    make_due(order)
    with pytest.raises(WrongState):
        hand_in(now(order), buyer)


def test_nobody_hands_in_for_ever(order: Order, buyer: Person) -> None:
    for _ in range(handing_in.MOST_EACH):
        hand_in(order, buyer)
    with pytest.raises(Invalid, match="the most"):
        hand_in(order, buyer)
    hand_in(order, order.seller)


def test_it_raises_the_rung_where_the_provider_has_it(order: Order, buyer: Person) -> None:
    provider = order.listing.provider
    provider.ladder = ["evidence_upload", "buyer_confirmation"]
    provider.save()
    hand_in(now(order), buyer)
    assert now(order).rung == "evidence_upload"


def test_by_call(order: Order, buyer: Person) -> None:
    caller, path = Caller(buyer), f"orders/{order.pk}/evidence/"
    nonce = caller.get(path).json()["nonce"]
    made = caller.upload(path, picture=a_picture(), kind="account", nonce=nonce)
    assert made.status_code == 201, made.content
    listed = caller.get(path).json()["results"]
    assert listed == [made.json()]
    assert listed[0]["by"] == "buyer"
    assert caller.get(f"{path}{listed[0]['id']}/").content.startswith(b"\x89PNG")
    again = caller.upload(path, picture=a_picture(), kind="account", nonce=nonce)
    assert set(problem(again, 400, "invalid")["errors"]) == {"nonce"}


def test_the_seller_sends_it_along_with_the_transfer(buyer: Person) -> None:
    order = paid(buyer, a_listing())
    seller, path = Caller(order.seller), f"orders/{order.pk}/transfer/"
    refused = seller.upload(path, note="Sent.", evidence=a_document())
    assert set(problem(refused, 400, "invalid")["errors"]) == {"evidence"}
    assert now(order).status == "paid"
    assert seller.upload(path, note="Sent.", evidence=a_picture()).json()["status"] == "transferred"
    assert Evidence.objects.get().by == order.seller


def test_it_is_exported_and_erased(order: Order, buyer: Person) -> None:
    evidence = hand_in(order, buyer, note="zq-note")
    assert personal_data.PARTS["orders"](buyer)[0]["evidence"][0]["note"] == "zq-note"
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        personal_data._documents(buyer, archive)
    assert zipfile.ZipFile(kept).namelist() == [f"documents/evidence-{evidence.pk}.png"]
    leaving._texts(buyer)
    evidence.refresh_from_db()
    assert (evidence.note, evidence.ciphertext) == ("", None)
    path = f"/orders/{order.pk}/evidence/"
    assert signed_in(order.seller).get(f"{path}{evidence.pk}/").status_code == 404
    assert "Erased" in signed_in(order.seller).get(path).content.decode()
