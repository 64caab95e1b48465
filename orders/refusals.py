"""What the rules of trades do not allow, in words for people."""

from accounts.refusals import Refusal
from listings.refusals import OwnListing as OwnListing


class PriceChanged(Refusal):
    code = "price_changed"
    message = "The price has changed since you looked. Check the new one and order again."


class BasketRefused(Refusal):
    """`parts` says of each part that cannot be had so why, as an order of it would be refused."""

    code = "basket_changed"
    message = (
        "Not everything can be bought as you saw it, so nothing was ordered. Look at what has "
        "changed and order again."
    )


class TooManyOpenOrders(Refusal):
    code = "too_many_open_orders"
    message = "You have too many unpaid orders. Pay or cancel one first."


class NotReadable(Refusal):
    code = "not_readable"
    message = (
        "This provider’s balance cannot be read. Confirm the arrival yourself when it is there."
    )


class TooManyKeys(Refusal):
    code = "too_many_keys"
    message = "You have lent too many keys for this order. Confirm the arrival yourself."


class NothingMeasured(Refusal):
    code = "nothing_measured"
    message = "You can settle for a part only once less than agreed was measured."


class KeyReused(Refusal):
    code = "idempotency_key_reused"
    status = 422
    message = "This Idempotency-Key was used for another request."


class ProposalGone(Refusal):
    code = "proposal_gone"
    message = "This proposal has expired or was replaced. Look at what is proposed now."


class TooManyProposals(Refusal):
    code = "too_many_proposals"
    message = "You have proposed ten times. Ask a moderator to decide."


class TooManyMessages(Refusal):
    code = "too_many_messages"
    status = 429
    message = "You have written a lot in a short time. Wait some minutes before you write more."
