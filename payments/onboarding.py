"""Getting a seller ready to be paid: an account at the processor, on its own pages."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from payments import countries, fingerprints, instructions
from payments.models import Instruction, PayoutAccount
from payments.processor import processor
from payments.processor.interface import OutcomeUnknown, ProcessorRefused
from payments.refusals import CountryRefused, NotOnboarded, ProcessorUnavailable


def begin(*, person: Person, return_url: str, refresh_url: str, country: str = "") -> str:
    """Open the person's account if there is none; returns the page where they go on.

    `country` is where the seller lives; left open, the processor asks. Raises CountryRefused or
    ProcessorUnavailable.
    """
    if country and not countries.can_be_paid(country):
        raise CountryRefused
    account = _account_of(person, country)
    if not account.remote_id:
        raise ProcessorUnavailable
    try:
        return processor().onboarding_url(
            account.remote_id, return_url=return_url, refresh_url=refresh_url
        )
    except (OutcomeUnknown, ProcessorRefused) as error:
        raise ProcessorUnavailable from error


def _account_of(person: Person, country: str) -> PayoutAccount:
    purpose = f"person:{person.pk}:account"
    with transaction.atomic():
        account, _ = PayoutAccount.objects.get_or_create(person=person)
        instructions.write(
            kind="account",
            purpose=purpose,
            person=person,
            params={
                "contact_email": person.email,
                "display_name": person.public_name,
                "dashboard": "express",
                "defaults": {
                    "responsibilities": {
                        "fees_collector": "application",
                        "losses_collector": "application",
                    }
                },
                "configuration": {
                    "recipient": {
                        "capabilities": {
                            "stripe_balance": {"stripe_transfers": {"requested": True}}
                        }
                    }
                },
                "metadata": {"person": str(person.pk)},
                **({"identity": {"country": country.lower()}} if country else {}),
            },
        )
    if not account.remote_id:
        instruction = Instruction.objects.get(purpose=purpose)
        instructions.carry_out(instruction.pk)
        account.refresh_from_db()
    return account


def refresh(person: Person) -> PayoutAccount | None:
    """Ask the processor how ready a person's account is."""
    account = PayoutAccount.objects.filter(person=person).exclude(remote_id="").first()
    return account and refresh_account(account.remote_id)


def refresh_account(remote_id: str) -> PayoutAccount | None:
    """The same, by the account's id at the processor; None if it is nobody's here."""
    rows = PayoutAccount.objects.filter(remote_id=remote_id)
    if not rows.exists():
        return None
    found = processor().account(remote_id)
    refused = bool(found.country) and not countries.can_be_paid(found.country)
    if found.ready:
        bank = processor().bank_fingerprint(remote_id)
        fingerprints.note(rows.get().person_id, kind="bank", reported=bank)
    if found.ready:
        rows.update(was_ready=True)
    rows.update(
        ready=found.ready and not refused,
        requirements=found.requirements,
        country=found.country,
        checked_at=Now(),
    )
    return rows.get()


def require_ready(person: Person) -> None:
    """Raises NotOnboarded unless the person can be paid."""
    if not PayoutAccount.objects.filter(person=person, ready=True).exists():
        raise NotOnboarded
