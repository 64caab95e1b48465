"""The demo data is what the contract says, comes out the same each time, and keeps the books."""

import io
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F
from pypdf import PdfReader

from accounts.models import Notification, Person
from listings.models import Code, Consent, Listing, ListingEvent, ListingStatus
from marketplace import ledger_audit
from marketplace.demo.consent import consent_document
from marketplace.demo.people import ROLES
from payments.models import Instruction, PayoutAccount
from providers.catalogue import load_catalogue
from providers.vocabulary import TransferMethod
from tests.factories import a_person
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def seed(**options: Any) -> str:
    out = io.StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def catalogue(db: None) -> None:
    load_catalogue()


@pytest.fixture
def seeded(catalogue: None, sandbox: SandboxProcess) -> None:
    seed()


def everything() -> list[Any]:
    """A mark of every row that seeding could touch."""
    marks = []
    for model in (Person, EmailAddress, PayoutAccount, Instruction, Listing, Consent, Code):
        marks.append(list(model.objects.order_by("pk").values()))
    marks += [ListingEvent.objects.count(), Notification.objects.count()]
    return marks


def test_the_demo_people_can_sign_in_and_be_paid(seeded: None, settings: LazySettings) -> None:
    assert {role.email for role in ROLES} == set(Person.objects.values_list("email", flat=True))
    for person in Person.objects.all():
        assert check_password(settings.DEMO_PASSWORD, person.password)
        assert EmailAddress.objects.get(user=person).verified
        name = person.email.partition("@")[0].rstrip("2")
        assert person.role == (name if name not in ("buyer", "seller") else "")
        assert person.is_staff == bool(person.role)
        assert person.is_superuser == (person.email == "admin@example.com")
    ready = PayoutAccount.objects.filter(ready=True).values_list("person__email", flat=True)
    assert set(ready) == {"seller@example.com", "seller2@example.com"}


def test_the_offers_are_those_of_the_contract(seeded: None) -> None:
    live = Listing.objects.live()
    assert live.count() >= 40
    assert set(live.values_list("transfer_method", flat=True)) == set(TransferMethod.values)
    by_code = live.filter(transfer_method="redeem_code").annotate(number=Count("codes"))
    assert by_code.filter(number__gt=1).count() >= 10
    vast = live.filter(
        provider="vast",
        transfer_method="balance_transfer",
        seller__email="seller@example.com",
        available_cents__gte=10 * F("min_order_cents"),
    )
    assert vast.count() >= 3
    for slug in ("openrouter", "replicate"):
        consented = live.filter(provider=slug, consents__accepted_at__isnull=False)
        assert consented.filter(consents__accepted_by__is_staff=True).exists()
    others = set(Listing.objects.exclude(status="live").values_list("status", flat=True))
    S = ListingStatus  # noqa: N806
    assert others == {S.DRAFT, S.IN_REVIEW, S.REJECTED, S.PAUSED}
    assert not Notification.objects.filter(mail_due_at__isnull=False).exists()
    assert ledger_audit.violations() == []


def test_a_second_run_changes_nothing(seeded: None) -> None:
    before = everything()
    assert "0 new offers" in seed()
    assert everything() == before


def test_bulk_listings_follow_from_the_seed_alone(seeded: None) -> None:
    terms = ("pk", "title", "face_value_cents", "discount_bp", "provider", "transfer_method")
    with transaction.atomic():
        assert "30 new bulk" in seed(listings=30)
        first = set(Listing.objects.values_list(*terms))
        transaction.set_rollback(True)
    assert "20 new bulk" in seed(listings=20)
    assert "0 new bulk" in seed(listings=20)
    assert "0 new bulk" in seed(listings=10)
    assert "10 new bulk" in seed(listings=30)
    assert set(Listing.objects.values_list(*terms)) == first
    assert ledger_audit.violations() == []


def test_without_the_sandbox_it_says_so_in_a_sentence(
    catalogue: None, settings: LazySettings
) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match=r"The sandbox does not answer at http://127\.0\.0\.1:9"):
        seed()
    settings.SANDBOX_URL = ""
    with pytest.raises(CommandError, match="SANDBOX_URL is not set"):
        seed()
    assert not Person.objects.exists()


def test_a_known_password_is_not_put_among_real_people(
    catalogue: None, sandbox: SandboxProcess, settings: LazySettings
) -> None:
    a_person("somebody@elsewhere.example")
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG is off"):
        seed()
    assert Person.objects.count() == 1


@pytest.mark.parametrize("number", [-1, 1_000_001])
def test_numbers_beyond_reason_are_refused(catalogue: None, number: int) -> None:
    with pytest.raises(CommandError, match="--listings"):
        seed(listings=number)


def test_the_consent_is_a_document_that_can_be_read() -> None:
    content = consent_document(provider="Acme (EU)", seller="Sol", amount="$1,000")
    text = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert "Acme (EU): consent" in text
    assert "$1,000" in text
