"""The amount of credit that a page is asked to picture."""

import re

USUAL_CENTS = 100_00
MOST_CENTS = 1_000_000_00
DOLLARS = re.compile(r"(?P<whole>\d{1,9})(?:\.(?P<part>\d{1,2}))?\Z", re.ASCII)


def read_amount_cents(written: str) -> int:
    """Cents of what somebody wrote in dollars; a hundred dollars where that makes no sense."""
    match = DOLLARS.match(written.strip().removeprefix("$").replace(",", ""))
    if match is None:
        return USUAL_CENTS
    cents = int(match["whole"]) * 100 + int((match["part"] or "").ljust(2, "0"))
    return cents if 0 < cents <= MOST_CENTS else USUAL_CENTS
