"""What the money rules do not allow, in words for people."""

from datetime import datetime

from accounts.refusals import Refusal


class Contested(Refusal):
    code = "payment_contested"
    message = "The buyer's bank is disputing this payment, so it cannot move until that is decided."


class Suspected(Refusal):
    code = "payment_suspected"
    message = (
        "The card's bank or the processor suspects fraud, so this payment is not released until "
        "that is cleared up."
    )


class NotOnboarded(Refusal):
    code = "payouts_not_set_up"
    message = "Set up payouts first: the money of a sale needs a place to go."


class NothingToPayOut(Refusal):
    code = "nothing_to_pay_out"
    message = "There is nothing to pay out yet."


class BelowMinimum(Refusal):
    code = "payout_below_minimum"
    message = "That is less than the smallest payout. Wait until a little more has been released."


class PayoutPending(Refusal):
    code = "payout_pending"
    message = "A payout is on its way already. The next one can follow when it has arrived."


class ProcessorUnavailable(Refusal):
    code = "processor_unavailable"
    status = 503
    message = "The card processor does not answer just now. Nothing is lost; try again in a minute."


class TooManyDeclines(Refusal):
    code = "too_many_declines"
    status = 429

    def __init__(self, until: datetime) -> None:
        super().__init__(
            f"Too many cards were declined. You can pay again after {until:%H:%M} UTC.",
            retry_at=until.isoformat(timespec="seconds"),
        )


class CountryRefused(Refusal):
    code = "country_refused"
    message = "Sellers in this country cannot be paid here. Buying is possible all the same."


class TaxDetailsMissing(Refusal):
    code = "tax_details_missing"
    message = (
        "You sell so much that the law makes us ask for your tax details. Give them on the payouts "
        "page: payouts wait for them, and nothing is lost."
    )
