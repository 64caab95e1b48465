"""Many codes from one file: every row looked at and reported, all of them stored or none."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.forms import ValidationError

from accounts.models import Person
from accounts.refusals import Invalid
from listings import publishing
from listings.fingerprints import fingerprints
from listings.forms import DollarsField, PlainTextField
from listings.models import LARGEST_FACE_VALUE_CENTS, Code, CodeStatus, Listing
from listings.vault import LONGEST_CODE, MOST_CODES, Deposit, canonical
from payments import money
from providers.vocabulary import TransferMethod

# All codes at their longest, with a value beside each.
MOST_BYTES = MOST_CODES * (LONGEST_CODE * 2 + 20)
HEADINGS = {"code", "codes"}


@dataclass(frozen=True)
class Row:
    """One line of the file, told apart by its number and the end of its code."""

    number: int
    ending: str
    problem: str = ""


@dataclass(frozen=True)
class Report:
    """What was found in a file; `deposits` are good only where no row has a problem."""

    rows: tuple[Row, ...]
    deposits: tuple[Deposit, ...]

    @property
    def wrong(self) -> list[Row]:
        """The rows that stop the file."""
        return [row for row in self.rows if row.problem]


def take(
    listing: Listing, *, actor: Person, upload: UploadedFile | None, worth_cents: int | None
) -> Report:
    """Deposit the codes of a CSV file in a draft, in place of those it has.

    Each row is a code and maybe its value in dollars; without one it is worth `worth_cents`. Where
    one row is wrong nothing is stored. Raises Invalid for a file that is none, WrongState.
    """
    publishing.require_editable(listing)
    if TransferMethod.REDEEM_CODE not in listing.provider.transfer_methods:
        raise Invalid("codes_file", f"Credit of {listing.provider.name} does not move by codes.")
    report = _checked(_lines(upload), worth_cents, listing=listing, actor=actor)
    if report.wrong:
        return report
    worth, count = report.deposits[0].face_value_cents, len(report.deposits)
    if worth * count > LARGEST_FACE_VALUE_CENTS:
        raise Invalid("codes_file", "Together these are worth more than an offer may be.")
    if money.price_of(worth, listing.discount_bp) < money.LEAST_CHARGE_CENTS:
        raise Invalid("codes_file", "At this discount one code costs less than cards can charge.")
    terms = {
        "transfer_method": TransferMethod.REDEEM_CODE,
        "face_value_cents": worth * count,
        "min_order_cents": worth,
        "step_cents": worth,
    }
    publishing.edit(listing, actor=actor, terms=terms, codes=report.deposits)
    return report


def _lines(upload: UploadedFile | None) -> list[list[str]]:
    """The rows that hold something. Raises Invalid before anything large is read."""
    if upload is None or not upload.size:
        raise Invalid("codes_file", "Choose a CSV file first that is not empty.")
    if upload.size > MOST_BYTES:
        raise Invalid("codes_file", f"A file holds at most {MOST_CODES} codes; this one is larger.")
    try:
        text = upload.read(MOST_BYTES + 1).decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if any(row)]
    except (UnicodeDecodeError, csv.Error):
        raise Invalid("codes_file", "This is not a CSV file in UTF-8.") from None
    if rows and rows[0][0].strip().casefold() in HEADINGS:
        rows = rows[1:]
    if not 0 < len(rows) <= MOST_CODES:
        raise Invalid("codes_file", f"Give 1 to {MOST_CODES} codes; this file has {len(rows):,}.")
    return rows


def _checked(
    lines: list[list[str]], worth_cents: int | None, *, listing: Listing, actor: Person
) -> Report:
    read = [_read(line, worth_cents) for line in lines]
    marks = fingerprints(canonical(code) for code, _, _ in read)
    # Whether somebody else offers a code is nobody's business; one's own, one may know.
    own = Code.objects.filter(fingerprint__in=marks, listing__seller=actor)
    elsewhere = set(
        own.exclude(status=CodeStatus.VOID)
        .exclude(listing=listing)
        .values_list("fingerprint", flat=True)
    )
    rows, seen = [], dict[str, int]()
    first = next((worth for _, worth, _ in read if worth), None)
    for number, ((code, worth, problem), mark) in enumerate(zip(read, marks, strict=True), start=1):
        if not problem and mark in seen:
            problem = f"The same code as in row {seen[mark]}."
        elif not problem and mark in elsewhere:
            problem = "It is in another offer of yours."
        elif not problem and worth != first:
            problem = "Another value than the first. Make one offer for each value."
        seen.setdefault(mark, number)
        rows.append(Row(number, code[-4:] if len(code) > 8 else "", problem))
    return Report(tuple(rows), tuple(Deposit(code, worth or 1) for code, worth, _ in read))


def _read(line: list[str], worth_cents: int | None) -> tuple[str, int | None, str]:
    """The code of a line, its value, and what is wrong with it."""
    code, worth = line[0].strip(), worth_cents
    problems = list(_problems(code))
    if written := (line[1].strip().removeprefix("$") if len(line) > 1 else ""):
        worth = _dollars(written)
    if not worth:
        problems.append("Its value is missing, or is not an amount in dollars.")
    if len(line) > 2 and any(line[2:]):
        problems.append("It has more than a code and a value.")
    return code, worth, problems[0] if problems else ""


def _problems(code: str) -> Iterator[str]:
    try:
        PlainTextField(max_length=LONGEST_CODE).clean(code)
    except ValidationError as error:
        yield str(error.messages[0])
    if code and not canonical(code):
        yield "It has no letter and no digit."


def _dollars(text: str) -> int | None:
    try:
        field: Any = DollarsField(max_value=Decimal(LARGEST_FACE_VALUE_CENTS) / 100)
        return int(field.clean(text))
    except ValidationError:
        return None
