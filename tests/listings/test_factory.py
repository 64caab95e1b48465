"""Offers that tests begin with are what the steps of a seller and a moderator leave."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from accounts.models import Person
from listings import publishing
from listings.models import Listing
from listings.vault import Deposit
from tests.console.test_access import everything
from tests.factories import a_listing, a_moderator, a_provider, bring, live_at_once, terms

pytestmark = pytest.mark.django_db


def written(make: Callable[[], Listing]) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """All rows that there are after it, but for numbers, keys and moments; and what it returns."""
    with transaction.atomic():
        listing = make()
        found = {
            table: sorted((plain(row, listing) for row in rows), key=str)
            for table, rows in everything().items()
        }
        given = plain(vars(listing), listing)
        transaction.set_rollback(True)
    return found, given


def plain(row: Mapping[str, Any], listing: Listing) -> dict[str, str]:
    return {
        name: type(value).__name__
        if isinstance(value, (datetime, UUID, bytes, memoryview))
        else re.sub(r":\d+$", ":number", str(value).replace(str(listing.pk), "its key"))
        for name, value in row.items()
        if name not in ("id", "_state")
    }


@pytest.mark.parametrize("changes", [{}, {"transfer_method": "redeem_code", "step_cents": 250_00}])
def test_an_offer_made_at_once_is_an_offer_made_by_steps(
    seller: Person, changes: dict[str, Any]
) -> None:
    a_moderator()
    # With an offer like it, so that checks find something; and the key of codes is there.
    a_listing(provider=a_provider(), codes=["CCC-333"])
    offer = terms(**changes)
    codes = [Deposit(code, 250_00) for code in ("AAA-111", "BBB-222") if changes]

    def by_steps() -> Listing:
        listing = publishing.draft(seller=seller, terms=offer, codes=codes)
        bring(listing, "live")
        return listing

    (rows, listing), (expected_rows, expected) = (
        written(lambda: live_at_once(seller, offer, codes)),
        written(by_steps),
    )
    assert listing == expected
    for table, those in expected_rows.items():
        assert rows[table] == those, table
