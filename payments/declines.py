"""Declined cards, counted: who tries out stolen ones is stopped after a few.

Counted for an hour by person, by the network they pay from, and by card. The counters are shared
by all processes, in the cache: where it is away, nobody begins a payment. They slow somebody down
and decide nothing about money, so that nothing is lost with them.
"""

import time
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from accounts.encryption import fingerprint
from payments import baskets, escrow, incidents
from payments.models import Basket, BasketStatus, Escrow, EscrowStatus
from payments.processor import processor
from payments.refusals import TooManyDeclines

WITHIN_SECONDS = 3600
# A person mistypes, or takes another card; behind one network there may be many people.
MOST = {"person": 8, "card": 8, "network": 24}
# A page is open for two hours; by then a network that it was opened from is of no use.
REMEMBERED_SECONDS = 86_400


def require_few(person_id: int, *, network: str) -> None:
    """Raises TooManyDeclines where a person, or a network, has had so many that it must wait.

    What this person pays from now on is counted for the network, too.
    """
    if not settings.THROTTLE_SCALE:
        return
    here = fingerprint(network, purpose="declines")
    stops = [_key("stop", "person", person_id), _key("stop", "network", here)]
    found = cache.get_many([*stops, _key("from", "person", person_id)])
    if until := max((found[stop] for stop in stops if stop in found), default=None):
        raise TooManyDeclines(datetime.fromtimestamp(until, UTC))
    if found.get(_key("from", "person", person_id)) != here:
        cache.set(_key("from", "person", person_id), here, REMEMBERED_SECONDS)


def follow(intent_id: str) -> None:
    """Count one declined card of a payment page, and close the pages of who has had too many."""
    if not settings.THROTTLE_SCALE:
        return
    declined = processor().decline(intent_id)
    buyer = _buyer(declined.reference)
    if buyer is None:
        return
    counted = {"person": str(buyer)}
    if network := cache.get(_key("from", "person", buyer)):
        counted["network"] = network
    if declined.card_fingerprint:
        counted["card"] = fingerprint(declined.card_fingerprint, purpose="declines")
    full = {kind for kind, who in counted.items() if _count(kind, who) >= MOST[kind]}
    if full:
        # Whoever holds a card that was declined everywhere is stopped, and not the card alone.
        for kind in full | {"person"}:
            until = time.time() + WITHIN_SECONDS
            cache.set(_key("stop", kind, counted[kind]), until, WITHIN_SECONDS)
        _close_pages(buyer)


def _key(what: str, kind: str, who: object) -> str:
    return f"declines:{what}:{kind}:{who}"


def _count(kind: str, who: str) -> int:
    key = _key("count", kind, who)
    cache.add(key, 0, WITHIN_SECONDS)
    return int(cache.incr(key))


def _buyer(reference: str) -> int | None:
    """Whose page it was; nobody's for a kept card, which its bank had accepted before."""
    typed_in = Escrow.objects.filter(reference=reference).exclude(checkout_id="")
    if found := typed_in.first():
        return found.buyer_id
    basket = baskets.find(checkout_id="", reference=reference)
    return basket.buyer_id if basket and basket.status == BasketStatus.OPEN else None


@transaction.atomic
def _close_pages(buyer_id: int) -> None:
    """Nobody goes on typing; what is ordered ends in time, and a person has a look."""
    open_pages = Escrow.objects.filter(buyer=buyer_id, status=EscrowStatus.AWAITING)
    for awaiting in open_pages.exclude(checkout_id="").order_by("pk"):
        escrow.close_checkout(awaiting)
    for basket in Basket.objects.filter(buyer=buyer_id, status=BasketStatus.OPEN).order_by("pk"):
        baskets.close_page(basket.pk)
    incidents.report(
        key=f"declines:{buyer_id}:{int(time.time()) // 86_400}",
        kind="cards_declined",
        text=f"So many cards were declined on the payment pages of person {buyer_id} that these "
        "were closed. Somebody may be trying out stolen cards.",
    )
