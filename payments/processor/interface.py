"""What Surplus needs of a company that moves money, in its own words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class ProcessorRefused(Exception):
    """The processor understood the call and did nothing. `code` is stable; the message its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class OutcomeUnknown(Exception):
    """No answer, or one that does not tell whether it was done.

    `replayed`: the processor stored this failure under the key and will repeat it.
    """

    def __init__(self, message: str, *, replayed: bool = False) -> None:
        super().__init__(message)
        self.replayed = replayed


@dataclass(frozen=True)
class Answer:
    """What an instruction brought about: the new object's id, and its page if it has one."""

    remote_id: str
    url: str = ""


@dataclass(frozen=True)
class Moved:
    """Money that was moved on: a transfer, refund, reversal or payout, in the words of our kinds.

    `mark` is the id of the instruction that brought it about, empty where it was none of ours.
    """

    kind: str
    remote_id: str
    mark: str
    amount_cents: int


@dataclass(frozen=True)
class Checkout:
    """A hosted page: `open`, `complete` or `expired`; paid when money was taken.

    One that takes no money keeps a card, `card_id`, for a customer of the processor.
    """

    id: str
    reference: str
    status: str
    paid: bool
    payment_id: str
    customer_id: str = ""
    card_id: str = ""


@dataclass(frozen=True)
class Payment:
    """Money taken from a card, with the processor's fee once that is known.

    `reference` is that of the escrow which it was taken for.
    """

    id: str
    charge_id: str
    amount_cents: int
    currency: str
    fee_cents: int | None
    card_fingerprint: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Decline:
    """A card that was declined on a hosted page, empty where its bank did not come so far.

    `reference` is that of the escrow or basket whose page it was.
    """

    reference: str
    card_fingerprint: str = ""


@dataclass(frozen=True)
class Account:
    """A seller's account: ready to be paid, or what is still missing."""

    id: str
    ready: bool
    requirements: list[str]
    country: str = ""


@dataclass(frozen=True)
class CardDispute:
    """A dispute of a charge at the buyer's bank; `outcome` is won, lost or, while open, empty.

    `reference` is that of the escrow which the charge was made for; `fee_cents` is what the
    processor takes for it, whatever the outcome.
    """

    id: str
    charge_id: str
    amount_cents: int
    outcome: str
    reference: str = ""
    fee_cents: int = 0


@dataclass(frozen=True)
class Warned:
    """A suspicion of fraud about a charge; `reference` is that of its escrow."""

    id: str
    kind: str
    charge_id: str
    is_open: bool
    reference: str = ""


@dataclass(frozen=True)
class Line:
    """One change of an account's balance; amounts are signed, `source` moved the money."""

    id: str
    source: str
    kind: str
    amount_cents: int
    fee_cents: int
    currency: str
    at: datetime


class Processor(Protocol):
    """All calls raise ProcessorRefused or OutcomeUnknown; `send` alone changes anything."""

    def send(self, kind: str, *, key: str, params: dict[str, Any], account: str) -> Answer: ...
    def find(
        self, kind: str, *, instruction: str, params: dict[str, Any], account: str
    ) -> Answer | None: ...
    def moved(self, *, group: str, charge: str) -> list[Moved]: ...
    def payouts(self, *, account: str) -> list[Moved]: ...
    def checkout(self, checkout_id: str) -> Checkout: ...
    def payment(self, payment_id: str) -> Payment: ...
    def decline(self, intent_id: str) -> Decline: ...
    def account(self, account_id: str) -> Account: ...
    def bank_fingerprint(self, account_id: str) -> str: ...
    def onboarding_url(self, account_id: str, *, return_url: str, refresh_url: str) -> str: ...
    def refund_status(self, refund_id: str) -> str: ...
    def recent_failed_refunds(self) -> list[str]: ...
    def payout_status(self, payout_id: str, *, account: str) -> tuple[str, str]: ...
    def card_dispute(self, dispute_id: str) -> CardDispute: ...
    def recent_card_disputes(self) -> list[CardDispute]: ...
    def lines(self, *, account: str, since: datetime | None, kind: str = "") -> Iterator[Line]: ...
    def warning(self, warning_id: str) -> Warned: ...
    def recent_warnings(self) -> list[Warned]: ...
    def verify(self, body: bytes, signature: str) -> None: ...
    def earliest_expiry(self, wanted: datetime, now: datetime) -> datetime: ...
