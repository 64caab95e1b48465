"""Tax details of sellers, asked for where the law asks platforms to report what sellers receive."""

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from accounts.encryption import encrypt
from accounts.models import Person
from payments.models import Escrow, EscrowStatus, PayoutAccount, TaxDetails

SOURCE = Path(__file__).with_name("tax_rules.toml")


@dataclass(frozen=True)
class Year:
    """What a seller received in a calendar year, before commission."""

    year: int
    sales: int
    received_cents: int


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(SOURCE.read_text())


def year_of(person: Person, year: int) -> Year:
    """A seller's released sales of a year."""
    released = Escrow.objects.filter(
        seller__in=person.selves,
        status__in=[EscrowStatus.RELEASED, EscrowStatus.SPLIT],
        status_since__year=year,
    )
    sums = released.aggregate(sales=Count("pk"), received=Sum("released_cents", default=0))
    return Year(year, sums["sales"], int(sums["received"]))


def given(person: Person) -> TaxDetails | None:
    """What a seller has given, without the words; by an account that they merged, too."""
    rows = TaxDetails.objects.filter(person__in=person.selves).only("given_at")
    return rows.order_by("given_at").last()


def asking(person: Person) -> list[str]:
    """The rules under which details are asked for, by this year's sales or last year's."""
    return _reached_rules(person, share_bp=_data()["ask_from_bp"])


def overdue(person: Person) -> bool:
    """Whether a threshold was passed and the details are still missing: payouts wait for them."""
    if given(person):
        return False
    return bool(_reached_rules(person, share_bp=10_000))


def _reached_rules(person: Person, *, share_bp: int) -> list[str]:
    """The rules of which so much of a threshold is reached."""
    accounts = PayoutAccount.objects.filter(person__in=person.selves).exclude(country="")
    paid_in = set(accounts.values_list("country", flat=True))
    if not paid_in:
        return []
    this_year = timezone.now().year
    years = [year_of(person, year) for year in (this_year, this_year - 1)]
    return [
        name
        for name, rule in _data()["rules"].items()
        if not paid_in.isdisjoint(rule["countries"])
        and any(_reached(rule, year, share_bp) for year in years)
    ]


def _reached(rule: dict[str, Any], year: Year, share_bp: int) -> bool:
    by_sales = year.sales * 10_000 >= rule["sales"] * share_bp
    by_money = year.received_cents * 10_000 >= rule["received_cents"] * share_bp
    return by_sales and by_money if rule["both"] else by_sales or by_money


def keep(person: Person, *, details: dict[str, str]) -> None:
    """Store what a seller gave, encrypted; what they gave before is replaced."""
    key_id, ciphertext = encrypt(json.dumps(details))
    TaxDetails.objects.update_or_create(
        person=person,
        defaults={"key_id": key_id, "ciphertext": ciphertext, "given_at": timezone.now()},
    )


def forget(person: Person) -> None:
    """Delete the details of somebody who leaves, unless a rule makes us keep them."""
    if not asking(person):
        TaxDetails.objects.filter(person__in=person.selves).delete()
