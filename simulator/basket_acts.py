"""What people do with several orders at once; see `simulator.acts`."""

from typing import Any

from listings.models import Listing
from orders import baskets
from payments.models import Basket
from simulator.cards import KEPT, typed
from simulator.world import World


def place_basket(world: World) -> str:
    """A buyer orders some of several offers at once; now and then the same request comes twice."""
    buyer, listings = world.pick(world.buyers), list(Listing.objects.order_by("created_at"))
    chosen = world.rng.sample(listings, world.rng.randint(2, len(listings)))
    parts = [baskets.Wanted(one, one.min_order_cents + one.step_cents) for one in chosen]
    key = f"basket-{world.rng.randrange(10**9)}"
    for _ in range(world.rng.choice((1, 1, 1, 2))):
        baskets.once(
            buyer=buyer,
            key=key,
            body={"parts": len(parts)},
            act=lambda: baskets.reserve(buyer=buyer, parts=parts),
            answer=lambda basket: {"basket": str(basket.pk)},
        )
    return f"{buyer} orders of {len(parts)} at once"


def give_card(world: World) -> str:
    """Somebody fills in the page of a basket, even where its orders have ended meanwhile."""
    basket = world.pick(Basket.objects.exclude(checkout_url="").order_by("created_at"))
    if basket is None or basket.card_id:
        return ""
    card = world.rng.choices(list(KEPT), weights=list(KEPT.values()))[0]
    return f"{card} for a basket: {typed(world, basket.checkout_url, card)}"


def come_back_to_basket(world: World) -> str:
    """The buyer's browser returns from the page of a basket."""
    basket = world.pick(Basket.objects.exclude(status="ended").order_by("created_at"))
    if basket is None:
        return ""
    baskets.returned(basket)
    return f"back at a basket of {basket.escrows.count()}"


def cancel_basket(world: World) -> str:
    """The buyer takes back what is not paid of a basket."""
    basket = world.pick(Basket.objects.exclude(status="ended").order_by("created_at"))
    if basket is None:
        return ""
    baskets.cancel(basket, actor=basket.buyer)
    return "cancels a basket"


BASKETS: dict[Any, int] = {
    place_basket: 4,
    give_card: 6,
    come_back_to_basket: 4,
    cancel_basket: 1,
}
