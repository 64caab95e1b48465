"""The ladder: one small class per way of showing an arrival, strongest first, one interface.

A rung is asked for its finding about a case and answers with a verdict: verified, inconclusive or
refuted, with what it measured and why. What a rung cannot know, it calls inconclusive.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from orders.verification import measuring
from orders.verification.measuring import Arrival
from providers.catalogue_reader import Reader
from providers.readings import Reading
from providers.vocabulary import Rung

VERIFIED, INCONCLUSIVE, REFUTED = "verified", "inconclusive", "refuted"
# So few readings after the sending refute nothing: figures may lag.
FEWEST_TO_REFUTE = 2


@dataclass(frozen=True)
class Case:
    """What is known of one order's arrival.

    `claimed_cents`: what other orders that read the same account expect; the same arrival never
    counts twice. `may_refute`: nothing outside the figures speaks against a refutation. `weighed`:
    the verdict of somebody who compared the documents.
    """

    agreed_cents: int
    currency: str
    reader: Reader | None = None
    before: Sequence[Reading] = ()
    after: Sequence[Reading] = ()
    claimed_cents: int = 0
    may_refute: bool = False
    buyer_confirmed: bool | None = None
    weighed: str = ""

    @property
    def lag_intervals(self) -> int:
        """How many reading intervals the figures may lag."""
        return self.reader.lag_intervals if self.reader else 1


@dataclass(frozen=True)
class Finding:
    """The verdict on a case, what was measured, and a word for why."""

    verdict: str
    measured_cents: int | None
    reason: str


class ArrivalCheck(ABC):
    """One rung. `strength` is how much it proves, from 5 (measured) to 1 (somebody's word)."""

    rung: ClassVar[Rung]
    strength: ClassVar[int]

    @abstractmethod
    def finding(self, case: Case) -> Finding:
        """What this rung concludes from the case."""


class ReadingCheck(ArrivalCheck):
    """What both rungs that read from the provider conclude from a measured arrival."""

    @abstractmethod
    def measure(self, reader: Reader, case: Case) -> Arrival:
        """What arrived."""

    def finding(self, case: Case) -> Finding:
        if case.reader is None:
            return Finding(INCONCLUSIVE, None, "not_readable")
        arrival = self.measure(case.reader, case)
        if arrival.cents is None:
            return Finding(INCONCLUSIVE, None, arrival.trouble)
        # What other orders wait for on this account comes off first, whoever sent it.
        arrived = max(arrival.cents - case.claimed_cents, 0)
        if not case.reader.may_verify:
            return Finding(INCONCLUSIVE, arrived, "answer_not_confirmed")
        if arrived >= case.agreed_cents:
            return Finding(VERIFIED, arrived, "arrived")
        if self.refutes(case.reader, case, arrival):
            return Finding(REFUTED, arrived, "arrived_in_part" if arrived else "did_not_arrive")
        return Finding(INCONCLUSIVE, arrived, "less_than_agreed" if arrived else "nothing_seen")

    def refutes(self, reader: Reader, case: Case, arrival: Arrival) -> bool:
        """Whether too small an arrival shows that the rest is missing."""
        undisturbed = case.may_refute and not case.claimed_cents and arrival.exact
        enough = len(case.after) >= FEWEST_TO_REFUTE + reader.lag_intervals
        return undisturbed and reader.may_refute and enough


class ApiBalance(ReadingCheck):
    """The buyer's balance at the provider, read before and after."""

    rung, strength = Rung.API_BALANCE, 5

    def measure(self, reader: Reader, case: Case) -> Arrival:
        return measuring.by_figure(reader, case.currency, case.before, case.after)


class ApiGrantRow(ReadingCheck):
    """A row of credit that was not there before."""

    rung, strength = Rung.API_GRANT_ROW, 5

    def measure(self, reader: Reader, case: Case) -> Arrival:
        return measuring.by_rows(reader, case.currency, case.before, case.after)


class PaperCheck(ArrivalCheck):
    """Documents are easily altered: a person weighs them (`orders/weighing.py`), no program."""

    def finding(self, case: Case) -> Finding:
        if case.weighed:
            return Finding(case.weighed, None, "a_person_compared")
        return Finding(INCONCLUSIVE, None, "a_person_compares")


class IdentityAndDocument(PaperCheck):
    """Whose account it is, and a document of the provider: a person compares the two."""

    rung, strength = Rung.IDENTITY_AND_DOCUMENT, 4


class EvidenceUpload(PaperCheck):
    """Dated pictures of the account, with the code of the order in them."""

    rung, strength = Rung.EVIDENCE_UPLOAD, 2


class BuyerConfirmation(ArrivalCheck):
    """The buyer's word; their silence settles the trade but shows nothing."""

    rung, strength = Rung.BUYER_CONFIRMATION, 1

    def finding(self, case: Case) -> Finding:
        if case.buyer_confirmed:
            return Finding(VERIFIED, None, "buyer_confirmed")
        return Finding(INCONCLUSIVE, None, "buyer_silent")


LADDER: dict[str, ArrivalCheck] = {
    check.rung: check
    for check in (
        ApiBalance(),
        ApiGrantRow(),
        IdentityAndDocument(),
        EvidenceUpload(),
        BuyerConfirmation(),
    )
}
