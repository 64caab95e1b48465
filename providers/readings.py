"""Reading a balance: one call with a person's key, and what the answer says in exact figures.

Nothing of the key, and nothing of the answer but its figures, leaves this module.
"""

import re
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from accounts.encryption import fingerprint
from providers import breaker, outbound
from providers.catalogue import catalogue_entries
from providers.catalogue_reader import ROWS, Reader
from providers.formula import Unreadable, figure_of, find, find_one, parse_answer
from providers.signing import SIGNERS

LONGEST_KEY = 4000
MOST_ROWS = 500
# What may stand in a header or an address: visible ASCII without what ends or splits either.
PART = re.compile(r"[!-~]{1,3500}\Z")
PLAIN_PART = re.compile(r"[A-Za-z0-9_:.~=-]{1,300}\Z")
YEAR_SECONDS = 364 * 86_400
Row = tuple[str, Decimal]


class KeyMalformed(ValueError):
    """What was given cannot be a key of this provider; the text says why, without quoting it."""


class ReadingFailed(Exception):
    """Nothing was learned. `problem` is a word; `by_key`: the provider refused the key."""

    def __init__(self, problem: str, *, by_key: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.by_key = by_key


@dataclass(frozen=True)
class Reading:
    """What a provider said at a moment, in its own unit; accounts as keyed hashes only."""

    remaining: Decimal
    currency: str
    figure: Decimal | None = None
    rows: tuple[Row, ...] = ()
    same: tuple[str, ...] = ()
    rising: tuple[Decimal, ...] = ()
    account: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """As JSON, every figure a text so that none is rounded."""
        return {
            "remaining": str(self.remaining),
            "currency": self.currency,
            "figure": None if self.figure is None else str(self.figure),
            "rows": [[mark, str(amount)] for mark, amount in self.rows],
            "same": list(self.same),
            "rising": [str(value) for value in self.rising],
            "account": list(self.account),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Reading":
        """The reading that `as_data` wrote down."""
        return cls(
            remaining=Decimal(data["remaining"]),
            currency=data["currency"],
            figure=None if data["figure"] is None else Decimal(data["figure"]),
            rows=tuple((mark, Decimal(amount)) for mark, amount in data["rows"]),
            same=tuple(data["same"]),
            rising=tuple(map(Decimal, data["rising"])),
            account=tuple(data["account"]),
        )


def reader_of(slug: str) -> Reader | None:
    """How to read a provider, None where it cannot be read."""
    return next((entry.reader for entry in catalogue_entries() if entry.slug == slug), None)


def allowed_hosts() -> frozenset[str]:
    """Every host that a key may ever be sent to."""
    readers = (entry.reader for entry in catalogue_entries())
    return frozenset(host for reader in readers if reader for host in reader.hosts)


def account_mark(text: str) -> str:
    """An account's id or e-mail as a mark that can be compared and not read."""
    return fingerprint(text.strip().casefold(), purpose="provider-account")[:24]


def key_parts(reader: Reader, key: str) -> dict[str, str]:
    """The parts of what the buyer gave, by name. Raises KeyMalformed."""
    given = key.split()
    names = (*reader.key_parts, "key")
    if len(key) > LONGEST_KEY or len(given) != len(names):
        wanted = ", ".join(name.replace("_", " ") for name in names)
        raise KeyMalformed(
            f"Give {wanted}, in this order, with a space between."
            if len(names) > 1
            else "Give the key alone, without spaces."
        )
    parts = dict(zip(names, given, strict=True))
    for name, value in parts.items():
        form = PART if name == "key" else PLAIN_PART
        if not form.match(value) or value in (".", ".."):
            raise KeyMalformed(f"The {name.replace('_', ' ')} has characters that none has.")
    return parts


def read(reader: Reader, key: str) -> Reading:
    """One reading. Raises ReadingFailed; takes a few seconds at most."""
    if breaker.is_open(reader.slug):
        raise ReadingFailed("resting")
    try:
        answer = outbound.send_call(_call(reader, key_parts(reader, key)), hosts=reader.hosts)
    except KeyMalformed:
        raise ReadingFailed("key_malformed", by_key=True) from None
    except outbound.Unanswered as error:
        breaker.failed(reader.slug)
        raise ReadingFailed(error.problem) from None
    if answer.status in (401, 403):
        breaker.succeeded(reader.slug)
        raise ReadingFailed("key_refused", by_key=True)
    if answer.status != 200:
        breaker.failed(reader.slug)
        raise ReadingFailed("error_status")
    try:
        reading = understand(reader, answer.body)
    except Unreadable:
        breaker.failed(reader.slug)
        raise ReadingFailed("unreadable") from None
    breaker.succeeded(reader.slug)
    return reading


def _call(reader: Reader, parts: dict[str, str]) -> outbound.Call:
    in_address = {name: quote(value, safe="") for name, value in parts.items()}
    url = _filled(reader.url, in_address)
    headers = {name: _filled(text, parts) for name, text in reader.headers.items()}
    headers |= {"Accept": "application/json", "User-Agent": "Surplus/1 (balance reading)"}
    moments = {"year_ago": str(int(time.time()) - YEAR_SECONDS)}
    body = _filled(reader.body, parts | moments).encode()
    if reader.sign:
        headers = SIGNERS[reader.sign](reader.method, url, headers, body, parts)
    return outbound.Call(reader.slug, reader.method, url, headers, body or None)


def _filled(text: str, values: dict[str, str]) -> str:
    """Put values in place of {names}; other braces are the text's own."""
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), text)


def understand(reader: Reader, body: bytes) -> Reading:
    """What an answer says. Raises Unreadable where anything that is needed is missing."""
    document = parse_answer(body)
    for path, wanted in reader.accept.items():
        _require(find_one(path, document), wanted)
    for path in reader.absent:
        if any(value for value in find(path, document)):
            raise Unreadable("the answer is not whole")
    return Reading(
        remaining=reader.remaining.evaluate(document),
        currency=_currency(reader, document),
        figure=reader.figure.evaluate(document) if reader.figure else None,
        rows=_rows(reader, document),
        same=tuple(_word(find_one(path, document)) for path in reader.same),
        rising=tuple(figure_of(find_one(path, document)) for path in reader.rising),
        account=tuple(account_mark(_word(find_one(path, document))) for path in reader.account),
    )


def _require(value: Any, wanted: Any) -> None:
    if isinstance(value, bool) != isinstance(wanted, bool) or value != wanted:
        raise Unreadable("the answer says that it failed")


def _word(value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise Unreadable("a mark is no text")
    return str(value)[:200]


def _currency(reader: Reader, document: Any) -> str:
    if not reader.currency_path:
        return reader.currency
    found = {_word(value).upper() for value in find(reader.currency_path, document)}
    if not found and reader.kind == ROWS:
        return reader.currency  # no row yet, so no currency either
    if len(found) != 1:
        raise Unreadable("there is not exactly one currency")
    return found.pop()


def _rows(reader: Reader, document: Any) -> tuple[Row, ...]:
    if reader.kind != ROWS:
        return ()
    listed = find(reader.rows, document)
    _require_list(reader, document)
    if reader.rows_total and figure_of(find_one(reader.rows_total, document)) != len(listed):
        raise Unreadable("the answer is not whole")
    if len(listed) > MOST_ROWS:
        raise Unreadable("there are too many rows")
    grants = [row for row in listed if _counts(reader, row)]
    rows = [_row(reader, row) for row in grants]
    # What took credit away is no grant, whatever the provider lists beside the grants.
    return tuple(sorted((mark, amount) for mark, amount in rows if amount > 0))


def _require_list(reader: Reader, document: Any) -> None:
    if not isinstance(find_one(reader.rows.removesuffix("[*]"), document), list):
        raise Unreadable("the rows are missing")


def _counts(reader: Reader, row: Any) -> bool:
    return all(find(path, row) == [wanted] for path, wanted in reader.row_where.items())


def _row(reader: Reader, row: Any) -> Row:
    assert reader.row_amount is not None
    amount = reader.row_amount.evaluate(row)
    words = [_word(find_one(path, row)) for path in reader.row_id]
    # An amount that never changes is part of what the row is.
    words += [str(amount.normalize())] if reader.row_exact else []
    return fingerprint("\n".join(words), purpose="grant-row")[:24], amount
