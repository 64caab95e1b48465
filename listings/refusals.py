"""What the rules of offers do not allow, in words for people."""

from accounts.refusals import NotAllowed, Refusal


class NotLive(Refusal):
    code = "listing_not_live"
    message = "This offer cannot be bought just now."


class InsufficientStock(Refusal):
    code = "insufficient_stock"
    message = "Less than that is left of this offer."


class AmountNotOffered(Refusal):
    code = "amount_not_offered"
    message = "This amount is not offered."


class ConsentMissing(Refusal):
    code = "consent_missing"
    message = (
        "This provider's credit may be sold only with the provider's written consent. "
        "Attach the consent first."
    )


class CodesMissing(Refusal):
    code = "codes_missing"
    message = "Deposit the codes first: together they must be worth the face value."


class OwnListing(NotAllowed):
    code = "own_listing"
    message = "This is your own offer."


class TooManyQuestions(Refusal):
    code = "too_many_questions"
    status = 429
    message = "You have asked a lot lately. Wait for an answer before you ask more."


class TooManyReports(Refusal):
    code = "too_many_reports"
    status = 429
    message = "You have sent many reports within an hour. Please wait a while before the next one."


class TooMuchOpen(Refusal):
    code = "seller_limit"
    message = "This is more than your standing lets you have on offer at once."
