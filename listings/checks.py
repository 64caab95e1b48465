"""Checks before people: what of an offer a moderator should look at first, and why.

Each rule is one figure of an offer, worked out by the database, and a threshold from which it
counts. What it finds is a sentence with its figures and a weight; the weights add up to a score.
A score sorts the queue and nothing else: by it no offer is refused or hidden, and no money held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from listings.check_models import Check, Finding
from listings.models import Listing


@dataclass(frozen=True)
class Rule:
    """`figure` is SQL over an offer `l`; `says` puts figure and threshold into a sentence."""

    name: str
    says: str
    unit: str
    weight: int
    threshold: int
    figure: str

    def sentence(self, figure: int, threshold: int) -> str:
        """What was found, in words with its figures."""
        return self.says.format(figure=self.written(figure), threshold=self.written(threshold))

    def written(self, figure: int) -> str:
        """A figure as people write it."""
        if self.unit == "cents":
            return f"${figure / 100:,.2f}"
        return f"{figure / 100:g}" if self.unit == "hundredths of a percent" else f"{figure:,}"


# Medians and counts look at bounded numbers of rows, through an index each.
RULES = (
    Rule(
        "price_off_market",
        "The discount is {figure} points above the median of this provider's offers"
        " (counts from {threshold}).",
        "hundredths of a percent", 20, 15_00,
        """coalesce((SELECT l.discount_bp
            - percentile_disc(0.5) WITHIN GROUP (ORDER BY o.discount_bp)
            FROM (SELECT discount_bp FROM listings_listing WHERE provider_id = l.provider_id
                AND status = 'live' AND seller_id <> l.seller_id
                ORDER BY created_at DESC LIMIT 200) o
            HAVING count(*) >= 5), 0)""",
    ),
    Rule(
        "new_seller_with_much",
        "A seller with fewer than three completed trades offers {figure} of credit"
        " (counts from {threshold}).",
        "cents", 30, 2_000_00,
        """CASE WHEN coalesce((SELECT s.completed_orders FROM accounts_standing s
            WHERE s.person_id = l.seller_id), 0) < 3 THEN l.face_value_cents ELSE 0 END""",
    ),
    Rule(
        "same_device",
        "{figure} other people signed in from a browser of the seller's"
        " (counts from {threshold}).",
        "people", 25, 1,
        """(SELECT count(DISTINCT other.person_id) FROM accounts_device mine
            JOIN accounts_device other ON other.digest = mine.digest
            WHERE mine.person_id = l.seller_id AND other.person_id <> l.seller_id)""",
    ),
    Rule(
        "shared_fingerprint",
        "{figure} other people use a card or bank account of the seller's"
        " (counts from {threshold}).",
        "people", 40, 1,
        """(SELECT count(DISTINCT other.person_id) FROM payments_fingerprint mine
            JOIN payments_fingerprint other ON other.kind = mine.kind AND other.mark = mine.mark
            WHERE mine.person_id = l.seller_id AND other.person_id <> l.seller_id)""",
    ),
    Rule(
        "velocity",
        "The seller made {figure} offers in the day before this one (counts from {threshold}).",
        "offers", 15, 10,
        """(SELECT count(*) FROM (SELECT FROM listings_listing o WHERE o.seller_id = l.seller_id
            AND o.created_at < l.created_at AND o.created_at > l.created_at - interval '1 day'
            LIMIT 1000) o)""",
    ),
    Rule(
        "copied_text",
        "{figure} offers of other sellers have exactly this description"
        " (counts from {threshold}).",
        "offers", 20, 1,
        """(SELECT count(*) FROM (SELECT FROM listings_listing o WHERE l.description <> ''
            AND md5(o.description) = md5(l.description) AND o.description <> ''
            AND o.seller_id <> l.seller_id LIMIT 100) o)""",
    ),
    Rule(
        "code_seen_elsewhere",
        "{figure} of its codes were in an offer of somebody else before"
        " (counts from {threshold}).",
        "codes", 60, 1,
        """(SELECT count(*) FROM listings_code c WHERE c.listing_id = l.id AND EXISTS (
            SELECT FROM listings_code o JOIN listings_listing ol ON ol.id = o.listing_id
            WHERE o.fingerprint = c.fingerprint AND ol.seller_id <> l.seller_id))""",
    ),
    Rule(
        "reports",
        "{figure} reports of the last 90 days say that offers of this seller are stolen or"
        " forbidden by the provider (counts from {threshold}).",
        "reports", 30, 1,
        """(SELECT count(*) FROM listings_listing o JOIN listings_report r ON r.listing_id = o.id
            WHERE o.seller_id = l.seller_id AND r.reason IN ('stolen', 'forbidden')
            AND r.at > now() - interval '90 days')""",
    ),
)  # fmt: skip
BY_NAME = {rule.name: rule for rule in RULES}


def settings_of() -> dict[str, tuple[int, int]]:
    """Weight and threshold of each check that is on; the rule's own where nobody has set it."""
    rows = {row.name: row for row in Check.objects.all()}
    found = {}
    for rule in RULES:
        row = rows.get(rule.name)
        if row is None or row.is_on:
            found[rule.name] = (row or rule).weight, (row or rule).threshold
    return found


def figures(names: Sequence[str], listings: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """What the rules of those names work out for each offer; one query."""
    if not names:
        return {}
    columns = ", ".join(BY_NAME[name].figure for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT l.id, {columns} FROM listings_listing l WHERE l.id = ANY(%s)",  # noqa: S608
            [list(listings)],
        )
        rows = cursor.fetchall()
    return {key: dict(zip(names, map(int, given), strict=True)) for key, *given in rows}


def look(listing: Listing) -> None:
    """Check an offer that was handed in, within the same transaction; keeps what was found."""
    assert connection.in_atomic_block
    on = settings_of()
    found = figures(list(on), [listing.pk]).get(listing.pk, {})
    Finding.objects.filter(listing=listing).delete()
    Finding.objects.bulk_create(
        Finding(
            listing=listing,
            check_name=name,
            figure=figure,
            threshold=on[name][1],
            weight=on[name][0],
        )
        for name, figure in found.items()
        if figure >= on[name][1]
    )
    score = Finding.objects.filter(listing=listing).aggregate(sum=Sum("weight", default=0))["sum"]
    Listing.objects.filter(pk=listing.pk).update(check_score=score)


def explained(listing: Listing) -> list[tuple[int, str]]:
    """What the checks found of an offer: weights and sentences, the heaviest first."""
    return [
        (row.weight, BY_NAME[row.check_name].sentence(row.figure, row.threshold))
        for row in Finding.objects.filter(listing=listing)
        if row.check_name in BY_NAME
    ]
