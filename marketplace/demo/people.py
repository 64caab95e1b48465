"""The demo people, and their way through the sandbox's onboarding."""

import time
from dataclasses import dataclass

import requests
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse

from accounts import factors
from accounts.models import Person, Standing, Tier
from payments import onboarding
from payments.models import PayoutAccount
from payments.refusals import ProcessorUnavailable

ANSWER_SECONDS = 20
STEP_SECONDS = 30
BANK_ACCOUNT = "000123456789"


class SandboxSilent(Exception):
    """The sandbox does not answer, or answers what it should not."""


@dataclass(frozen=True)
class Role:
    """One demo person: their address, name and rights."""

    email: str
    name: str
    sells: bool = False
    role: str = ""

    @property
    def is_staff(self) -> bool:
        return bool(self.role)


ROLES = (
    Role("buyer@example.com", "Bea Novak"),
    Role("buyer2@example.com", "Ben Okafor"),
    Role("seller@example.com", "Sol Martin", sells=True),
    Role("seller2@example.com", "Sam Ito", sells=True),
    Role("moderator@example.com", "Mo Reyes", role="moderator"),
    Role("moderator2@example.com", "Mira Chen", role="moderator"),
    Role("lead@example.com", "Lea Haddad", role="lead"),
    Role("finance@example.com", "Finn Moreau", role="finance"),
    Role("admin@example.com", "Alex Winter", role="admin"),
)
# The other side of the trades that are loaded in any number.
CROWD = tuple(
    Role(f"trader{number}@example.com", name)
    for number, name in enumerate(
        ("Ada Lind", "Yusuf Demir", "Nora Vance", "Tomas Reis", "Ines Costa", "Kofi Mensah"), 1
    )
)


def strangers() -> bool:
    """Whether the database holds anybody who is not of the demo."""
    return Person.objects.exclude(email__in=[role.email for role in ROLES + CROWD]).exists()


@transaction.atomic
def create_people(roles: tuple[Role, ...] = ROLES) -> dict[str, Person]:
    """The demo people by address; those who are there already stay as they are."""
    people = Person.objects.in_bulk([role.email for role in roles], field_name="email")
    missing = [role for role in roles if role.email not in people]
    # All share one password, so they may share the work of hashing it.
    password = make_password(settings.DEMO_PASSWORD) if missing else ""
    for role in missing:
        person = Person.objects.create(
            email=role.email,
            name=role.name,
            password=password,
            role=role.role,
            is_staff=role.is_staff,
            is_superuser=role.role == "admin",
        )
        EmailAddress.objects.create(user=person, email=role.email, verified=True, primary=True)
        people[role.email] = person
    for role in roles:
        if role.is_staff and not factors.has_one(people[role.email]):
            # Moderators need a second factor; the demo's is known, as their password is.
            TOTP.activate(people[role.email], settings.DEMO_TOTP_SECRET)
            RecoveryCodes.activate(people[role.email])
    return people


def current_code(now: float | None = None) -> str:
    """What an authenticator app with the demo's secret shows at this moment."""
    step = int(time.time() if now is None else now) // STEP_SECONDS
    return format_hotp_value(hotp_value(settings.DEMO_TOTP_SECRET, step))


def onboard_sellers(people: dict[str, Person]) -> None:
    """Give each demo seller an account at the sandbox that can be paid. Raises SandboxSilent."""
    for role in ROLES:
        person = people[role.email]
        ready = PayoutAccount.objects.filter(person=person, ready=True)
        if role.sells:
            # Known sellers: whoever tries the demo is not to run into a newcomer's limits.
            Standing.objects.update_or_create(person=person, defaults={"granted": Tier.TRUSTED})
        if role.sells and not ready.exists():
            _onboard(person)


def _onboard(person: Person) -> None:
    back = settings.SITE_ORIGIN + reverse("payouts:onboarded")
    try:
        page = onboarding.begin(person=person, return_url=back, refresh_url=back)
        answer = requests.post(
            page,
            data={"country": "us", "name": person.public_name, "account_number": BANK_ACCOUNT},
            allow_redirects=False,
            timeout=ANSWER_SECONDS,
        )
        account = onboarding.refresh(person) if answer.status_code == 303 else None
    except (ProcessorUnavailable, requests.RequestException) as error:
        raise SandboxSilent from error
    if account is None or not account.ready:
        raise SandboxSilent
