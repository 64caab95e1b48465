"""PATCH listings/{id}/ and the steps of the seller's own offer."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Person
from listings.models import Code, CodeStatus, Consent, Listing, ListingEvent
from payments.models import PayoutAccount
from tests.api.calling import Caller, problem, wrong
from tests.factories import a_document, a_listing, a_provider

pytestmark = pytest.mark.django_db
STEPS = ("submission", "pause", "resumption", "withdrawal")


@pytest.fixture
def caller(seller: Person) -> Caller:
    return Caller(seller)


def unchanged(listing: Listing) -> bool:
    before = {name: value for name, value in vars(listing).items() if not name.startswith("_")}
    listing.refresh_from_db()
    return before == {n: v for n, v in vars(listing).items() if not n.startswith("_")}


def test_patch_changes_what_is_given_and_keeps_the_rest(caller: Caller, seller: Person) -> None:
    listing = a_listing(seller=seller, status="draft", region="eu")
    found = caller.patch(f"listings/{listing.pk}/", {"discount_bp": 5000, "status": "live"}).json()
    assert (found["discount_bp"], found["region"], found["status"]) == (5000, "eu", "draft")
    assert found["price_cents"] == 250_00
    same = caller.patch(f"listings/{listing.pk}/", found)
    assert same.json() == found


def test_patch_names_every_wrong_field_and_changes_nothing(caller: Caller, seller: Person) -> None:
    listing = a_listing(seller=seller, status="draft")
    answer = caller.patch(
        f"listings/{listing.pk}/", {"discount_bp": 1, "title": 5, "step_cents": 7}
    )
    assert wrong(answer) >= {"discount_bp", "title"}
    assert wrong(caller.patch(f"listings/{listing.pk}/", {"min_order_cents": 15_50})) == {
        "min_order_cents"
    }
    assert unchanged(listing)


def test_patch_of_a_rejected_offer_makes_it_a_draft_again(caller: Caller, seller: Person) -> None:
    listing = a_listing(seller=seller, status="rejected")
    answer = caller.patch(f"listings/{listing.pk}/", {"title": "A better title"})
    assert (answer.json()["status"], answer.json()["title"]) == ("draft", "A better title")


@pytest.mark.parametrize("status", ["in_review", "live", "paused", "withdrawn", "expired"])
def test_what_is_on_the_market_stays_as_it_is(caller: Caller, seller: Person, status: str) -> None:
    listing = a_listing(seller=seller, status=status)
    problem(caller.patch(f"listings/{listing.pk}/", {"discount_bp": 5000}), 409, "wrong_state")
    assert unchanged(listing)


def test_patched_codes_replace_the_old_ones(caller: Caller, seller: Person) -> None:
    listing = a_listing(seller=seller, status="draft", codes=["OLD-1", "OLD-2"])
    codes = [{"code": f"NEW-{n}", "face_value_cents": 25_00} for n in range(4)]
    answer = caller.patch(f"listings/{listing.pk}/", {"codes": codes, "min_order_cents": 25_00})
    assert answer.status_code == 200, answer.json()
    assert Code.objects.filter(status=CodeStatus.AVAILABLE).count() == 4
    # A step that is not a code's worth could sell half a code.
    caller.patch(f"listings/{listing.pk}/", {"step_cents": 5_00})
    answer = caller.post(f"listings/{listing.pk}/submission/")
    if answer.status_code != 200:
        problem(answer, 409, "codes_missing")
    listing.refresh_from_db()
    assert listing.status == "draft" or listing.step_cents == 25_00


def test_the_way_to_the_market_and_off_it(caller: Caller, seller: Person) -> None:
    listing = a_listing(seller=seller, status="draft")
    path = f"listings/{listing.pk}"
    assert caller.post(f"{path}/submission/").json()["status"] == "in_review"
    problem(caller.post(f"{path}/pause/"), 409, "wrong_state")
    live = a_listing(seller=seller)
    path = f"listings/{live.pk}"
    assert caller.post(f"{path}/pause/").json()["status"] == "paused"
    assert caller.post(f"{path}/resumption/").json()["status"] == "live"
    assert caller.post(f"{path}/withdrawal/").json()["status"] == "withdrawn"
    for step in STEPS:
        problem(caller.post(f"{path}/{step}/"), 409, "wrong_state")


def test_what_submission_asks_for(caller: Caller, seller: Person) -> None:
    needy = a_provider("needy", resale_policy="consent_required")
    listing = a_listing(seller=seller, status="draft", provider=needy)
    path = f"listings/{listing.pk}"
    PayoutAccount.objects.update(ready=False)
    problem(caller.post(f"{path}/submission/"), 409, "payouts_not_set_up")
    PayoutAccount.objects.update(ready=True)
    problem(caller.post(f"{path}/submission/"), 409, "consent_missing")
    answer = caller.upload(f"{path}/consent/", document=a_document())
    assert (answer.status_code, answer.json()["id"]) == (201, str(listing.pk))
    assert caller.post(f"{path}/submission/").json()["status"] == "in_review"
    problem(caller.upload(f"{path}/consent/", document=a_document()), 409, "wrong_state")
    coded = a_listing(seller=seller, status="draft", transfer_method="redeem_code")
    problem(caller.post(f"listings/{coded.pk}/submission/"), 409, "codes_missing")


@pytest.mark.parametrize(
    "upload",
    [
        SimpleUploadedFile("a.pdf", b"%PDF-1.7 nonsense"),
        SimpleUploadedFile("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 50),
        SimpleUploadedFile("a.pdf", b""),
        SimpleUploadedFile("a.pdf", b"%PDF-" + b"x" * (5 * 1024 * 1024)),
        "a text instead of a file",
    ],
)
def test_documents_that_are_none(caller: Caller, seller: Person, upload: Any) -> None:
    listing = a_listing(seller=seller, status="draft")
    answer = caller.upload(f"listings/{listing.pk}/consent/", document=upload)
    assert wrong(answer) == {"document"}
    assert wrong(caller.upload(f"listings/{listing.pk}/consent/")) == {"document"}
    assert not Consent.objects.exists()


def test_uploads_of_another_form(caller: Caller, seller: Person) -> None:
    listing = a_listing(seller=seller, status="draft")
    path = f"listings/{listing.pk}/consent/"
    problem(caller.post(path, {"document": "x"}), 415, "unsupported_media_type")
    huge = SimpleUploadedFile("a.pdf", b"x" * 6_000_000)
    problem(caller.upload(path, document=huge), 413, "too_large")
    for body in (b"", b"--x\r\ngarbage", b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--"):
        answer = caller.client.post(
            f"/api/v1/{path}",
            body,
            content_type="multipart/form-data; boundary=x",
            headers=caller.headers,
        )
        assert answer.status_code == 400
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=x; charset=zlib"):
        answer = caller.client.generic(
            "POST", f"/api/v1/{path}", b"x", content_type, headers=caller.headers
        )
        assert answer.status_code == 400


@pytest.mark.parametrize("status", ["live", "draft"])
def test_another_persons_offer_is_not_there(
    seller: Person, buyer: Person, moderator: Person, status: str
) -> None:
    """Not even where all may read it, and not for moderators: they decide in the console."""
    listing = a_listing(seller=seller, status=status)
    events = ListingEvent.objects.count()
    for person in (buyer, moderator):
        caller = Caller(person)
        problem(caller.patch(f"listings/{listing.pk}/", {"discount_bp": 5000}), 404, "not_found")
        for step in STEPS:
            problem(caller.post(f"listings/{listing.pk}/{step}/"), 404, "not_found")
        answer = caller.upload(f"listings/{listing.pk}/consent/", document=a_document())
        problem(answer, 404, "not_found")
    for step in (*STEPS, "consent"):
        problem(Caller().post(f"listings/{listing.pk}/{step}/"), 401, "not_authenticated")
    assert unchanged(listing)
    assert ListingEvent.objects.count() == events
