"""The longest that a trade can take by its clocks."""

from django.conf import settings

from orders.tranches import SHARES

DAY = 86_400


def days() -> float:
    """Every part late, a dispute that everybody lets run, and an appeal."""
    seconds = (
        settings.PAY_WITHIN_SECONDS
        + SHARES * settings.DELIVER_WITHIN_SECONDS
        + settings.INSPECT_WITHIN_SECONDS
        + max(settings.COOLING_OFF_SECONDS, settings.NEW_SELLER_COOLING_OFF_SECONDS)
        + settings.ANSWER_WITHIN_SECONDS
        + settings.AGREE_WITHIN_SECONDS
        + 2 * settings.DECIDE_WITHIN_SECONDS
        + settings.APPEAL_WITHIN_SECONDS
    )
    return seconds / DAY
