"""What credit was sold at lately, on whatever page speaks of it; no page asks the database."""

from django import template

from listings import sold
from marketplace.templatetags.money import percent

register = template.Library()


@register.simple_tag
def sold_lately(provider: str = sold.ALL) -> sold.Sold | None:
    """What credit of a provider was sold at in the last ninety days, where enough was."""
    return sold.lately(provider)


@register.simple_tag
def sold_over_time(provider: str = sold.ALL) -> list[tuple[str, int, str]]:
    """The median discount, week by week, as points of a chart; two at least, or none."""
    points = [
        (f"{one.until.day} {one.until:%b}", one.median_bp, percent(one.median_bp))
        for one in sold.history(provider)
    ]
    return points if len(points) > 1 else []


@register.simple_tag
def sold_rules() -> dict[str, int]:
    """How many trades and people a figure needs before it is shown."""
    return {
        "trades": sold.LEAST_TRADES,
        "buyers": sold.LEAST_BUYERS,
        "sellers": sold.LEAST_SELLERS,
        "days": sold.RECENT_DAYS,
        "window": sold.WINDOW_DAYS,
    }
