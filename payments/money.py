"""Arithmetic with integer cents. Parts always sum to the whole."""

from collections.abc import Sequence

BASIS_POINTS = 10_000
# Less than half a dollar cannot be charged: docs.stripe.com/currencies, minimum charge amounts.
LEAST_CHARGE_CENTS = 50


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` in proportion to `weights`, by largest remainder; ties go to the first.

    Raises ValueError where there is nothing to divide by.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0 or total < 0:
        raise ValueError("weights and total must not be negative, and one weight must count")
    shares = [divmod(total * weight, whole) for weight in weights]
    left = total - sum(share for share, _ in shares)
    order = sorted(range(len(weights)), key=lambda i: -shares[i][1])
    return [share + (i in order[:left]) for i, (share, _) in enumerate(shares)]


def price_of(face_value_cents: int, discount_bp: int) -> int:
    """What the buyer pays for some face value at a discount."""
    _saved, price = split(face_value_cents, [discount_bp, BASIS_POINTS - discount_bp])
    return price


def commission_on(price_cents: int, commission_bp: int) -> int:
    """The platform's share of a price; the seller gets the rest."""
    _proceeds, commission = split(price_cents, [BASIS_POINTS - commission_bp, commission_bp])
    return commission
