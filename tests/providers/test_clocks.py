"""A provider's own clocks: shorter than the general ones, never longer, and kept by the order."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import Person
from providers.catalogue import CATALOGUE_DIR
from providers.catalogue_entry import read_entry
from providers.catalogue_section import CatalogueError
from providers.clocks import Clocks, clocks_of
from tests.factories import a_listing, a_provider
from tests.verification.measured import paid

HOUR = 3600


@pytest.fixture(autouse=True)
def _usual(settings: LazySettings) -> None:
    settings.DELIVER_WITHIN_SECONDS = settings.INSPECT_WITHIN_SECONDS = 72 * HOUR


def test_a_file_shortens_and_never_lengthens(settings: LazySettings) -> None:
    assert clocks_of("vast") == Clocks(24 * HOUR, 48 * HOUR)
    assert clocks_of("replicate") == clocks_of("nobody") == Clocks(72 * HOUR, 72 * HOUR)
    settings.DELIVER_WITHIN_SECONDS = 60
    assert clocks_of("vast") == Clocks(60, 48 * HOUR)


@pytest.mark.parametrize("wrong", ["11", "337", '"24"', "true"])
def test_hours_that_nobody_could_keep_are_refused(tmp_path: Path, wrong: str) -> None:
    text = (CATALOGUE_DIR / "vast.toml").read_text()
    path = tmp_path / "vast.toml"
    path.write_text(text.replace("deliver_hours = 24", f"deliver_hours = {wrong}"))
    with pytest.raises(CatalogueError, match="deliver_hours"):
        read_entry(path)


def test_the_offer_says_it_and_the_order_keeps_it(
    db: None, buyer: Person, settings: LazySettings
) -> None:
    listing = a_listing(provider=a_provider("vast"))
    page = Client().get(listing.get_absolute_url()).content.decode()
    assert "The seller has 1 day to send" in page
    assert "you have 2 days to look" in page
    order = paid(buyer, listing, 50_00)
    settings.DELIVER_WITHIN_SECONDS = settings.INSPECT_WITHIN_SECONDS = 60
    order.refresh_from_db()
    assert (order.deliver_within_seconds, order.inspect_within_seconds) == (24 * HOUR, 48 * HOUR)
    assert order.deadline is not None
    assert order.paid_at is not None
    assert (order.deadline - order.paid_at).total_seconds() == pytest.approx(24 * HOUR, abs=60)
