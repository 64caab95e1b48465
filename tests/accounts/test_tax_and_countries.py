"""Where sellers can be paid, and when the law makes us ask for tax details."""

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.encryption import decrypt
from accounts.models import Person
from payments import countries, onboarding, payouts, tax
from payments.models import Escrow, Payout, PayoutAccount, TaxDetails
from payments.processor.interface import Account
from payments.refusals import CountryRefused, NothingToPayOut, TaxDetailsMissing
from tests.factories import a_person

GIVEN = {
    "legal_name": "Sol Martin",
    "address": "1 Long Road",
    "born_on": "1990-01-31",
    "tax_number": "ZQ-4711-CANARY",
}


def received(seller: Person, buyer: Person, *, sales: int, cents: int, country: str) -> None:
    """Released sales of this year, as rows: what tax rules look at."""
    PayoutAccount.objects.filter(person=seller).update(country=country)
    Escrow.objects.bulk_create(
        Escrow(
            reference=str(uuid4()),
            buyer=buyer,
            seller=seller,
            currency="USD",
            price_cents=cents,
            commission_cents=0,
            proceeds_cents=cents,
            released_cents=cents,
            status="released",
            status_since=timezone.now(),
        )
        for _ in range(sales)
    )


@pytest.mark.parametrize(
    ("country", "sales", "cents", "asked"),
    [
        ("DE", 14, 10_00, []),
        ("DE", 15, 10_00, ["DAC7"]),
        ("DE", 1, 999_99, []),
        ("DE", 1, 1_000_00, ["DAC7"]),
        ("GB", 15, 10_00, ["UK platform reporting"]),
        # Both are needed in the US.
        ("US", 150, 10_00, []),
        ("US", 1, 30_000_00, []),
        ("US", 100, 100_00, ["Form 1099-K"]),
        ("CH", 300, 100_00, []),
        ("", 300, 100_00, []),
    ],
)
def test_details_are_asked_for_in_time_and_not_before(
    db: None, seller: Person, buyer: Person, country: str, sales: int, cents: int, asked: list[str]
) -> None:
    received(seller, buyer, sales=sales, cents=cents, country=country)
    assert tax.asking(seller) == asked


def test_details_are_kept_encrypted_and_never_shown(
    db: None, seller: Person, buyer: Person
) -> None:
    received(seller, buyer, sales=15, cents=10_00, country="DE")
    mine = Client()
    mine.force_login(seller, backend="django.contrib.auth.backends.ModelBackend")
    assert "tax details are missing" in mine.get("/account/payouts/").content.decode()
    assert mine.post("/account/payouts/tax/", GIVEN | {"tax_number": ""}).status_code == 400
    assert not TaxDetails.objects.exists()
    assert mine.post("/account/payouts/tax/", GIVEN).status_code == 302
    row = TaxDetails.objects.get(person=seller)
    assert b"CANARY" not in bytes(row.ciphertext)
    assert "CANARY" in decrypt(row.key_id, bytes(row.ciphertext))
    for page in ("/account/payouts/", "/account/payouts/tax/"):
        text = mine.get(page).content.decode()
        assert "CANARY" not in text
        assert "tax details are missing" not in text
    tax.forget(seller)
    assert TaxDetails.objects.exists()  # the law makes us keep these
    Escrow.objects.all().delete()
    tax.forget(seller)
    assert not TaxDetails.objects.exists()


def test_payouts_wait_for_details_once_the_threshold_is_passed(
    db: None, seller: Person, buyer: Person
) -> None:
    received(seller, buyer, sales=29, cents=10_00, country="DE")
    with pytest.raises(NothingToPayOut):
        payouts.request_payout(seller)
    received(seller, buyer, sales=1, cents=10_00, country="DE")
    with pytest.raises(TaxDetailsMissing):
        payouts.request_payout(seller)
    assert not Payout.objects.exists()
    tax.keep(seller, details={"tax_number": "12 345"})
    with pytest.raises(NothingToPayOut):
        payouts.request_payout(seller)


def test_sanctioned_countries_are_refused_before_anything_is_opened(db: None) -> None:
    person = a_person()
    for code in (*countries.sanctioned(), "ZZ"):
        with pytest.raises(CountryRefused):
            onboarding.begin(person=person, return_url="/", refresh_url="/", country=code)
    assert not PayoutAccount.objects.exists()
    assert not set(countries.sanctioned()) & set(countries.payable())


@pytest.mark.parametrize(("country", "ready"), [("US", True), ("KP", False), ("BR", False)])
def test_what_the_processor_says_of_the_country_counts(
    db: None, seller: Person, monkeypatch: pytest.MonkeyPatch, country: str, ready: bool
) -> None:
    class Reports:
        def account(self, account_id: str) -> Account:
            return Account(id=account_id, ready=True, requirements=[], country=country)

        def bank_fingerprint(self, account_id: str) -> str:
            return "fp_bank"

    monkeypatch.setattr(onboarding, "processor", Reports)
    remote = seller.payout_account.remote_id
    account = onboarding.refresh_account(remote)
    assert account is not None
    assert (account.ready, account.country) == (ready, country)
