"""Cards of offers, by the dozen on every page and so drawn from a mould.

The template of a card is rendered once with its places left open; a card is that text with the
escaped words of one offer in them. What a card shows is read from the database each time; only
the drawing of the same row is kept.
"""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString

from accounts.models import public_name
from listings.highlight import highlighting
from marketplace.templatetags.look import day, hue, monogram
from marketplace.templatetags.money import amount, percent, thousands
from providers.known import name_of
from providers.vocabulary import TransferMethod

register = template.Library()
METHODS = {method.value: method.label for method in TransferMethod}
KEPT = 8_000
PLACES = (
    *("hue", "monogram", "url", "title", "provider", "method", "price", "face_value", "off"),
    *("meter", "expires", "seller"),
)


@cache
def _mould() -> str:
    places = {name: SafeString(f"\0{name}\0") for name in PLACES}
    text = render_to_string("components/listing_card.html", places)
    pieces = text.strip().replace("%", "%%").split("\0")
    return "".join(f"%({piece})s" if n % 2 else piece for n, piece in enumerate(pieces))


@register.simple_tag
def cards(offers: Iterable[Any], words: str = "") -> SafeString:
    """The cards of rows as `Listings.for_cards` gives them, the words of a search marked."""
    drawn = list[str]()
    for offer in offers:
        before, after = _around(offer, name_of(offer.provider_id))
        drawn += (before, _title(offer.title, words), after)
    return SafeString("".join(drawn))


@lru_cache(KEPT)
def _title(title: str, words: str) -> str:
    return _marking(words)(title)


@lru_cache
def _marking(words: str) -> Callable[[str], str]:
    return highlighting(words) if words else escape


@lru_cache(KEPT)
def _around(offer: Any, provider: str) -> tuple[str, str]:
    """A card, before its title and after it."""
    # All that it shows is in these, so it may be drawn once for as often as it is shown.
    drawn = _mould() % {
        "hue": hue(provider),
        "monogram": escape(monogram(provider)),
        "url": f"{_home()}{offer.pk}/",
        "title": "\0",
        "provider": escape(provider),
        "method": METHODS[offer.transfer_method],
        "price": amount(offer.price_cents, offer.currency),
        "face_value": amount(offer.available_cents, offer.currency),
        "off": percent(offer.discount_bp),
        "meter": offer.discount_bp,
        "expires": day(offer.expires_on),
        "seller": escape(_seller(offer)),
    }
    before, after = drawn.split("\0")
    return before, after


@cache
def _home() -> str:
    return reverse("listings:browse")


def _seller(offer: Any) -> str:
    words = [public_name(offer.seller__name, offer.seller_id)]
    if (rating := offer.seller__standing__rating) is not None:
        words.append(f"{rating:.1f} of 5")
    if completed := offer.seller__standing__completed_orders:
        words.append(f"{thousands(completed)} trade{'' if completed == 1 else 's'}")
    return ", ".join(words)
