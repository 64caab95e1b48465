"""How facts about providers are written on pages."""

from urllib.parse import urlsplit

from django import template

from providers.models import Provider
from providers.pairs import neighbours, pair_of
from providers.readings import reader_of
from providers.vocabulary import ResalePolicy, Rung, TransferMethod

register = template.Library()

TONES = {
    ResalePolicy.ALLOWED: "good",
    ResalePolicy.CONSENT_REQUIRED: "waiting",
    ResalePolicy.UNKNOWN: "attention",
    ResalePolicy.FORBIDDEN: "bad",
}
LONGEST_ADDRESS = 64
STEPS = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))


@register.filter
def policy_tone(provider: Provider) -> str:
    """The meaning of a resale policy as a tone: good, waiting, attention or bad."""
    return TONES[ResalePolicy(provider.resale_policy)]


@register.inclusion_tag("components/badge.html")
def policy_badge(provider: Provider) -> dict[str, str]:
    """A provider's resale policy, by icon and word."""
    return {"kind": policy_tone(provider), "text": provider.get_resale_policy_display()}


@register.simple_tag
def neighbours_of(provider: Provider) -> list[tuple[str, str]]:
    """Some providers of the same kind by name, each with the address of the comparison."""
    return [(name, pair_of(provider.slug, slug)) for slug, name in neighbours(provider.slug)]


@register.filter
def method_name(method: str) -> str:
    """A transfer method in words."""
    return str(TransferMethod(method).label)


@register.filter
def rung_name(rung: str) -> str:
    """A way of showing an arrival in words."""
    return str(Rung(rung).label)


@register.filter
def reading_strength(provider: Provider) -> str:
    """What readings of this provider's balance can do here.

    "shows" an arrival and its absence, "settles" a trade by an arrival, "hints", or "" for nothing.
    """
    reader = reader_of(provider.slug)
    if reader is None or reader.rung not in provider.ladder:
        return ""
    if reader.may_refute:
        return "shows"
    return "settles" if reader.may_verify else "hints"


@register.filter
def reading_doubt(provider: Provider) -> str:
    """Why readings of this provider only hint."""
    reader = reader_of(provider.slug)
    if reader is None:
        return ""
    if not reader.confirmed:
        return "the form of its answer is not confirmed yet."
    if reader.cents_per_unit is None:
        return "it counts in a unit that has no fixed price."
    return "they lag too far behind."


@register.filter
def spaced(name: str) -> str:
    """The name of a part of a key, as people write it."""
    return name.replace("_", " ")


@register.filter
def quantity(number: int) -> str:
    """A whole number to be read at a glance, never rounded up: 33333333 is "33.3 million"."""
    for step, word in STEPS:
        if number >= step:
            whole, tenths = divmod(number * 10 // step, 10)
            return f"{whole:,}.{tenths} {word}" if tenths and whole < 100 else f"{whole:,} {word}"
    return f"{number:,}"


@register.filter
def address(url: str) -> str:
    """A web address as people read it: without its scheme, and shortened where it is long."""
    parts = urlsplit(url)
    text = f"{parts.netloc.removeprefix('www.')}{parts.path}".rstrip("/")
    return text if len(text) <= LONGEST_ADDRESS else f"{text[: LONGEST_ADDRESS - 1]}…"
