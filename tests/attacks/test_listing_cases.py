"""Listings under attack: abuse cases 14 to 21 where no other test has them, and what is too much.

Case 17 is tests/listings/test_expiry.py, case 20 tests/orders/test_code_reports.py.
"""

import io
import time
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.http import QueryDict
from django.test import Client
from django.utils.html import escape
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    TextStringObject,
)

from accounts.models import Notification, Person
from accounts.refusals import Invalid, WrongState
from listings import alerts, consents, prices, publishing, questions, saved
from listings.forms import ListingForm
from listings.models import Consent, Listing, Question, Report, SavedSearch
from orders import checkout
from orders.models import Order
from providers.secret_patterns import secret_patterns
from tests.factories import a_listing, a_provider, terms
from tests.providers.example_keys import make_key

pytestmark = pytest.mark.django_db
KEYS = [make_key(p.form.pattern, seed=7) for p in secret_patterns() if p.near is None][::9]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "{{7*7}}{% debug %}",
    "</textarea><script>alert(1)</script>",
)
QUICK_SECONDS = 3


@trying(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(discount_bp=st.one_of(st.integers(2990, 3010), st.integers(6990, 7010), st.integers()))
def test_the_form_takes_a_discount_from_30_to_70_and_no_other(discount_bp: int) -> None:
    """Abuse case 14: every whole number."""
    form = ListingForm(terms(discount_bp=discount_bp) | {"provider": "acme", "program": ""})
    assert ("discount_bp" in form.errors) == (not 3000 <= discount_bp <= 7000)


@pytest.mark.parametrize("discount_bp", [2999, 7001, 0, -1])
def test_the_database_refuses_what_a_form_did_not_see(discount_bp: int) -> None:
    """Abuse cases 14 and 16: writes that go round every validator."""
    listing = a_listing()
    listing.discount_bp = discount_bp
    for write in (
        lambda: Listing.objects.filter(pk=listing.pk).update(discount_bp=discount_bp),
        lambda: Listing.objects.bulk_update([listing], ["discount_bp"]),
        listing.save,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()
    assert Listing.objects.get(pk=listing.pk).discount_bp == 4000


@pytest.mark.parametrize("cents", [0, -1, 10**30, float("nan"), float("inf")])
@pytest.mark.parametrize("field", ["face_value_cents", "min_order_cents", "step_cents"])
def test_the_database_refuses_amounts_that_are_none(field: str, cents: Any) -> None:
    """Abuse cases 15 and 16."""
    listing = a_listing()
    before = Listing.objects.values().get(pk=listing.pk)
    with pytest.raises((DatabaseError, ValueError, OverflowError)), transaction.atomic():
        Listing.objects.filter(pk=listing.pk).update(**{field: cents})
    assert Listing.objects.values().get(pk=listing.pk) == before


@pytest.mark.parametrize("text", HOSTILE)
def test_what_sellers_and_askers_write_is_text_on_every_page(
    client: Client, buyer: Person, seller: Person, text: str
) -> None:
    """Abuse case 18."""
    listing = a_listing(seller=seller, title=f"GPU {text}", description=text, region=text)
    asked = questions.ask(listing, actor=buyer, text=text)
    questions.answer(asked, actor=seller, text=text)
    url, public = listing.get_absolute_url(), f"/sellers/{seller.pk}/"
    addresses = [url, f"{url}questions/", f"{url}questions/{asked.pk}/report/", f"{url}report/"]
    addresses += ["/listings/", f"/listings/compare/?id={listing.pk}", public]
    addresses += [
        "/listings/plan/?provider=acme&amount=100",
        "/providers/acme/",
        "/",
        "/market/acme/",
    ]
    client.force_login(seller)
    for address in [*addresses, "/sell/", f"/sell/{listing.pk}/", "/account/inbox/"]:
        page = client.get(address).content.decode()
        for raw in ("<script>alert", "<img src=x", "<svg/onload", 'href="javascript', "GPU 49"):
            assert raw not in page, (address, raw)
    assert client.get(url).content.decode().count(escape(text)) >= 5


@pytest.mark.parametrize("key", KEYS)
def test_nobodys_key_is_kept_wherever_it_is_pasted(client: Client, buyer: Person, key: str) -> None:
    """Abuse case 19: refused before anything is stored, indexed or mailed, and never repeated."""
    listing = a_listing()
    told = Notification.objects.count()
    client.force_login(buyer)
    url = listing.get_absolute_url()
    for address, data in (
        (f"{url}questions/", {"text": f"Is {key} good?"}),
        (f"{url}report/", {"reason": "other", "text": key}),
    ):
        answer = client.post(address, data)
        assert answer.status_code == 400
        assert "looks like a key" in answer.content.decode()
    with pytest.raises(Invalid, match="looks like a key"):
        saved.save(buyer, query(q=key))
    for field in ("title", "description", "region"):
        form = ListingForm(terms(**{field: key}) | {"provider": "acme", "program": ""})
        assert field in form.errors
    rows = (Question, Report, SavedSearch)
    assert [one.objects.count() for one in rows] == [0, 0, 0]  # type: ignore[attr-defined]
    assert Notification.objects.count() == told


def query(**asked: str) -> Any:
    found = QueryDict(mutable=True)
    found.update(asked)
    return found


def test_an_order_keeps_what_it_bought_whatever_becomes_of_the_offer(
    buyer: Person, seller: Person
) -> None:
    """Abuse case 21: terms cannot be edited under an order, nor its stock taken away."""
    listing = a_listing(seller=seller)
    with transaction.atomic():
        order = checkout.reserve(buyer=buyer, listing=listing, face_value_cents=400_00)
    kept = Order.objects.values("title", "price_cents", "face_value_cents", "discount_bp")
    before = kept.get(pk=order.pk)
    prices.reprice(listing, actor=seller, discount_bp=6000)
    with pytest.raises(WrongState):
        publishing.edit(listing, actor=seller, terms=terms(title="Other"), codes=[])
    for cents in (100_00, 399_99):
        with pytest.raises(DatabaseError), transaction.atomic():
            Listing.objects.filter(pk=listing.pk).update(face_value_cents=cents, min_order_cents=1)
    publishing.withdraw(listing, actor=seller)
    assert kept.get(pk=order.pk) == before
    assert Listing.objects.get(pk=listing.pk).reserved_cents == 400_00


def a_million_rows() -> bytes:
    return b"".join(b"CODE-%07d,25\n" % number for number in range(1_000_000))


def a_zip_bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("codes.csv", b"\0" * 50_000_000)
    return held.getvalue()


@pytest.mark.parametrize("content", [a_million_rows, a_zip_bomb])
@pytest.mark.parametrize(("field", "step"), [("codes_file", "codes"), ("document", "consent")])
def test_a_file_that_is_too_much_is_refused_fast(
    client: Client, seller: Person, content: Callable[[], bytes], field: str, step: str
) -> None:
    draft, raw = a_listing(seller=seller, status="draft", codes=["OLD-1"]), content()
    client.force_login(seller)
    begun = time.monotonic()
    upload = SimpleUploadedFile("codes.csv", raw)
    answer = client.post(f"/sell/{draft.pk}/{step}/", {field: upload, "worth": "25"})
    assert time.monotonic() - begun < QUICK_SECONDS
    assert answer.status_code == 400
    assert draft.codes.filter(status="available").count() == 1
    assert not Consent.objects.exists()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_polyglot_loses_everything_but_its_pixels(seller: Person, kind: str) -> None:
    """A picture that is a page and an archive as well."""
    held = io.BytesIO()
    Image.effect_noise((40, 40), 50).convert("RGB").save(held, kind)
    raw = held.getvalue() + b"<script>alert('here')</script>" + a_zip_bomb()
    draft = a_listing(seller=seller, status="draft", provider=a_provider("strict"))
    client = Client()
    client.force_login(seller)
    client.post(f"/sell/{draft.pk}/consent/", {"document": SimpleUploadedFile("a.html", raw)})
    answer: Any = client.get(f"/sell/{draft.pk}/consent/document/")
    stored = b"".join(answer.streaming_content)
    assert answer.headers["Content-Type"] == f"image/{kind.lower()}"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert b"<script" not in stored
    assert b"PK\x03\x04" not in stored
    assert Image.open(io.BytesIO(stored)).size == (40, 40)


def a_busy_pdf() -> bytes:
    """A page of words, with a script, an attachment, a link that runs something, and a tail."""
    writer, held = PdfWriter(), io.BytesIO()
    page, words = writer.add_blank_page(200, 200), DecodedStreamObject()
    words.set_data(b"BT /F1 12 Tf 10 100 Td (We consent to it.) Tj ET")
    page[NameObject("/Contents")] = writer._add_object(words)
    script = TextStringObject("greetEverybody")
    runs = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): script}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(runs)
    writer.add_attachment("evil", b"MZevilprogram")
    link = {NameObject("/Subtype"): NameObject("/Link"), NameObject("/A"): DictionaryObject(runs)}
    page[NameObject("/Annots")] = ArrayObject([DictionaryObject(link)])
    writer.write(held)
    return held.getvalue() + b"<script>alert('here')</script>" + a_zip_bomb()


def test_a_pdf_loses_everything_but_its_pages(seller: Person) -> None:
    raw = a_busy_pdf()
    for bad in (b"greetEverybody", b"EmbeddedFile", b"/JavaScript", b"<script", b"PK\x03\x04"):
        assert bad in raw
    draft = a_listing(seller=seller, status="draft", provider=a_provider("strict"))
    consents.attach(draft, actor=seller, upload=SimpleUploadedFile("a.pdf", raw))
    stored = Consent.objects.get().document.read()
    for bad in (
        b"greetEverybody",
        b"evil",
        b"/JavaScript",
        b"/EmbeddedFile",
        b"<script",
        b"PK\x03\x04",
    ):
        assert bad not in stored, bad
    [page] = PdfReader(io.BytesIO(stored)).pages
    assert b"We consent to it." in page.get_contents().get_data()  # type: ignore[union-attr]


def test_a_link_of_an_alert_leads_somewhere_whatever_became_of_the_offer(
    client: Client, buyer: Person, seller: Person
) -> None:
    """Stale: the page says why it cannot be bought, or that it is gone. Forged: not there."""
    saved.save(buyer, query(min_discount_bp="3000"))
    listing = a_listing(seller=seller)
    alerts.tell_due()
    link = Notification.objects.get(person=buyer, kind="alert_match").context["url"]
    client.force_login(buyer)
    assert "Continue to payment" in client.get(link).content.decode()
    publishing.pause(listing, actor=seller)
    paused = client.get(link)
    assert (paused.status_code, "Not for sale now" in paused.content.decode()) == (200, True)
    publishing.withdraw(listing, actor=seller)
    forged = f"/listings/{'0' * 8}-0000-4000-8000-{'0' * 12}/"
    for gone in (
        link,
        forged,
        f"{link}%00",
        f"{link}../../console/x",
        "/listings/kept/1/deletion/",
    ):
        assert client.get(gone).status_code in (404, 405), gone
    for strange in ("provider=%00", "min_days_left=1e9", "min_seller_tier=owner", "cursor=forged"):
        assert client.get(f"/listings/?{strange}").status_code == 400, strange
        assert client.get(f"/api/v1/listings/?{strange}").status_code == 400, strange
