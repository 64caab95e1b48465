"""The test cards and what each one does."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.stripe.errors import StripeError

MESSAGES = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "test_mode_live_card": "Your card was declined. The sandbox only takes test cards.",
    "authentication_required": (
        "Your card was declined. This transaction requires authentication."
    ),
    "authentication": "The card's owner could not be authenticated. Please try another card.",
}


@dataclass(frozen=True)
class Card:
    """What happens to a payment by this card; `decline` and `code` name the reason it fails."""

    number: str
    brand: str = "visa"
    code: str = ""
    decline: str = ""
    authenticates: bool = False
    # Also where its owner was authenticated when it was kept, and is not there now.
    always_authenticates: bool = False
    # Declined only when it is charged: it can be kept.
    declined_later: bool = False
    available_at_once: bool = False
    dispute: str = ""
    inquiry: bool = False
    early_fraud_warning: bool = False
    refund: str = "succeeded"
    exp_month: int = 12
    exp_year: int = 2034

    @property
    def message(self) -> str:
        """The reason for the decline, as shown to the buyer."""
        return MESSAGES.get(self.decline) or MESSAGES[self.code]

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]

    @property
    def fingerprint(self) -> str:
        """The same for the same number, like Stripe's."""
        return hashlib.sha256(f"card {self.number}".encode()).hexdigest()[:16]


def _declined(number: str, decline: str) -> Card:
    return Card(number, code="card_declined", decline=decline)


_CARDS = [
    Card("4242424242424242"),
    Card("4000056655665556"),
    Card("5555555555554444", brand="mastercard"),
    Card("378282246310005", brand="amex"),
    Card("4000000000000077", available_at_once=True),
    _declined("4000000000000002", "generic_decline"),
    _declined("4000000000009995", "insufficient_funds"),
    _declined("4000000000009987", "lost_card"),
    _declined("4000000000009979", "stolen_card"),
    Card("4000000000000069", code="expired_card"),
    Card("4000000000000127", code="incorrect_cvc"),
    Card("4000000000000119", code="processing_error"),
    Card("4000002500003155", authenticates=True),
    Card("4000002760003184", authenticates=True, always_authenticates=True),
    Card("4000008400001629", authenticates=True, code="card_declined", decline="generic_decline"),
    Card("4000000000000259", dispute="fraudulent"),
    Card("4000000000002685", dispute="product_not_received"),
    Card("4000000000001976", dispute="fraudulent", inquiry=True),
    Card("4000000000005423", early_fraud_warning=True),
    Card("4000000000007726", refund="pending"),
    Card("4000000000005126", refund="fails"),
    replace(_declined("4000000000000341", "generic_decline"), declined_later=True),
]
BY_NUMBER = {card.number: card for card in _CARDS}
# The payment methods that the API takes by name.
TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_bypassPending": "4000000000000077",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createDisputeProductNotReceived": "4000000000002685",
    "pm_card_createDisputeInquiry": "4000000000001976",
    "pm_card_createIssuerFraudRecord": "4000000000005423",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
}


def entered(*, number: str, exp: str, cvc: str) -> Card:
    """The card that somebody typed; raises StripeError naming the field that is wrong."""
    digits = re.sub(r"\D", "", number)
    if not 12 <= len(digits) <= 19 or not _luhn(digits):
        raise _wrong("Your card number is not valid.", "incorrect_number", "number")
    match = re.fullmatch(r"\s*(\d{1,2})\s*/?\s*(\d{2}|\d{4})\s*", exp)
    if match is None or not 1 <= int(match[1]) <= 12:
        raise _wrong("Write the expiry date as MM / YY.", "invalid_expiry_month", "exp")
    month, year = int(match[1]), int(match[2]) % 100 + 2000
    today = datetime.now(UTC)
    if (year, month) < (today.year, today.month):
        raise _wrong("Your card's expiry date is in the past.", "invalid_expiry_year", "exp")
    if not re.fullmatch(r"\d{3,4}", cvc.strip()):
        raise _wrong("The security code has three or four digits.", "invalid_cvc", "cvc")
    unknown = Card(digits, code="card_declined", decline="test_mode_live_card")
    return replace(BY_NUMBER.get(digits, unknown), exp_month=month, exp_year=year)


def by_token(token: str) -> Card:
    """The card behind a payment method such as `pm_card_visa`."""
    if token not in TOKENS:
        message = f"No such PaymentMethod: '{token}'"
        raise StripeError(message, code="resource_missing", param="payment_method")
    return BY_NUMBER[TOKENS[token]]


def details(card: Card) -> dict[str, Any]:
    """`payment_method_details` of a charge."""
    passed = card.code != "incorrect_cvc"
    return {
        "type": "card",
        "card": {
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass" if passed else "fail",
            },
            "country": "US",
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
            "fingerprint": card.fingerprint,
            "funding": "credit",
            "last4": card.last4,
            "network": card.brand,
            "three_d_secure": None,
            "wallet": None,
        },
    }


def _wrong(message: str, code: str, param: str) -> StripeError:
    return StripeError(message, status=402, kind="card_error", code=code, param=param)


def _luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
