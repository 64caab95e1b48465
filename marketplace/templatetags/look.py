"""How moments, names and states appear on every page."""

import datetime
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# One word and one meaning for each state of a listing, an order and an escrow.
STATES: dict[str, tuple[str, str]] = {
    "draft": ("", "Draft"),
    "in_review": ("waiting", "In review"),
    "live": ("good", "Live"),
    "paused": ("attention", "Paused"),
    "sold_out": ("", "Sold out"),
    "expired": ("", "Expired"),
    "withdrawn": ("", "Withdrawn"),
    "removed": ("bad", "Removed"),
    "rejected": ("bad", "Rejected"),
    "placed": ("waiting", "Waiting for payment"),
    "paid": ("waiting", "Paid, payment held"),
    "transferred": ("waiting", "Credit sent"),
    "verified": ("good", "Arrival verified"),
    "disputed": ("attention", "In dispute"),
    "completed": ("good", "Completed"),
    "cancelled": ("", "Cancelled"),
    "awaiting": ("waiting", "Awaiting payment"),
    "held": ("waiting", "Held"),
    "released": ("good", "Released"),
    "refunded": ("attention", "Refunded"),
    "split": ("attention", "Split"),
    "lapsed": ("", "Lapsed"),
    "inconclusive": ("attention", "Inconclusive"),
    "refuted": ("bad", "Refuted"),
    "answering": ("waiting", "Seller answers"),
    "talking": ("waiting", "To be agreed"),
    "reviewing": ("waiting", "With a moderator"),
    "decided": ("attention", "Open to appeal"),
    "appealed": ("waiting", "Appealed"),
    "ended": ("", "Ended"),
    "open": ("attention", "Open"),
    "approved": ("good", "Approved"),
}


@register.filter
def moment(at: datetime.datetime | str | None) -> SafeString:
    """Write a moment in UTC; a script shows it in the reader's own zone where it can."""
    return _time(at, "data-local")


@register.filter
def countdown(at: datetime.datetime | str | None) -> SafeString:
    """Write a deadline; a script adds how much time is left."""
    return _time(at, "data-countdown")


@register.filter
def day(on: datetime.date | str | None) -> SafeString:
    """Write a calendar day, which is the same in every zone: "12 Mar 2027"."""
    if not on or isinstance(on, str):
        return SafeString("")
    return format_html(
        '<time datetime="{}">{}</time>', on.strftime("%Y-%m-%d"), f"{on.day} {on:%b %Y}"
    )


def _time(at: datetime.datetime | str | None, mark: str) -> SafeString:
    if not at or isinstance(at, str):
        return SafeString("")
    at = timezone.localtime(at, datetime.UTC)
    return format_html(
        '<time datetime="{}" {}>{}</time>',
        f"{at:%Y-%m-%dT%H:%M:%SZ}",
        mark,
        f"{at.day} {at:%b %Y, %H:%M} UTC",
    )


@register.filter
def month(written: str) -> str:
    """Write a month in words: "2026-11" is "November 2026"."""
    return f"{datetime.date.fromisoformat(f'{written}-01'):%B %Y}"


@register.filter
def words(name: str) -> str:
    """Write a name that programs use as words: "in_review" is "in review"."""
    return name.replace("_", " ")


@register.filter
def monogram(name: object) -> str:
    """Shorten a name to two letters for its tile: "Google Cloud" is "GC", "Replicate" "Re"."""
    words = [word for word in str(name).replace(".", " ").split() if word[0].isalnum()]
    if len(words) > 1:
        return (words[0][0] + words[1][0]).upper()
    return words[0][:2].capitalize() if words else "?"


@register.filter
def hue(name: object) -> str:
    """Give a name its tile colour class, the same on every page and every day."""
    return f"hue-{sum(str(name).encode()) % 8}"


@register.inclusion_tag("components/badge.html")
def status_badge(status: str, text: str = "") -> dict[str, str]:
    """Show a state by icon and word; ``text`` replaces the word."""
    kind, word = STATES.get(str(status), ("", str(status).replace("_", " ").capitalize()))
    return {"kind": kind, "text": text or word}


@register.simple_tag(takes_context=True)
def nav_link(
    context: dict[str, Any], name: str, text: str, exact: bool = False, also: str = ""
) -> SafeString:
    """Link to a section of the site, marked as current inside it. Unknown names show nothing.

    ``exact`` marks the page itself only, for a section whose address begins those of others;
    ``also`` is another address whose pages belong to the section.
    """
    try:
        url = reverse(name)
    except NoReverseMatch:
        return SafeString("")
    path = getattr(context.get("request"), "path", "")
    inside = path == url if exact else path.startswith((url, also or url))
    current = SafeString(' aria-current="page"') if inside else ""
    return format_html('<a href="{}"{}>{}</a>', url, current, text)
