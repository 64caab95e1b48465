"""What a basket looks like to its buyer: each part, how far it is, and what is next."""

from collections.abc import Sequence
from dataclasses import dataclass

from orders import baskets
from orders.models import Order, OrderStatus
from payments.models import Basket, BasketStatus, Instruction, InstructionStatus

# A part is over for the basket once it was paid or cancelled; declined, it has a page of its own.
UNDER_WAY = ("waiting", "charging")


@dataclass(frozen=True)
class Part:
    """One order of a basket: waiting, charging, declined, paid or cancelled."""

    order: Order
    state: str
    why: str = ""


@dataclass(frozen=True)
class Shown:
    """A basket and its parts. `version` changes whenever something on the page would."""

    basket: Basket
    parts: Sequence[Part]

    @property
    def price_cents(self) -> int:
        return sum(part.order.price_cents for part in self.parts)

    @property
    def face_value_cents(self) -> int:
        return sum(part.order.face_value_cents for part in self.parts)

    @property
    def paid_cents(self) -> int:
        return sum(part.order.price_cents for part in self.parts if part.state == "paid")

    @property
    def cancelled(self) -> bool:
        """Whether some of it was cancelled before it was paid."""
        return any(part.state == "cancelled" for part in self.parts)

    @property
    def unpaid(self) -> bool:
        """Whether there is something left to be cancelled."""
        return any(part.order.status == OrderStatus.PLACED for part in self.parts)

    @property
    def next(self) -> str:
        """What is next: give_card, charging, pay_apart, done, or cancelled."""
        states = {part.state for part in self.parts}
        for state, step in (("waiting", "give_card"), ("charging", "charging")):
            if state in states:
                return step
        if "declined" in states:
            return "pay_apart"
        return "done" if "paid" in states else "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether the page has nothing more to tell by itself."""
        return self.basket.status == BasketStatus.ENDED and not self.unpaid

    @property
    def version(self) -> str:
        states = "".join(
            f"{part.state[:2]}{bool(part.order.escrow.checkout_url):d}" for part in self.parts
        )
        return f"{self.basket.status}-{bool(self.basket.checkout_url):d}-{states}"


def shown(basket: Basket) -> Shown:
    """The whole picture, in two queries."""
    rows = Instruction.objects.filter(escrow__basket=basket, kind="charge")
    charges = {charge.escrow_id: charge for charge in rows}
    parts = [
        _part(order, basket, charges.get(order.escrow_id)) for order in baskets.orders_of(basket)
    ]
    return Shown(basket, parts)


def _part(order: Order, basket: Basket, charge: Instruction | None) -> Part:
    if order.status == OrderStatus.CANCELLED and order.paid_at is None:
        return Part(order, "cancelled")
    if order.status != OrderStatus.PLACED:
        return Part(order, "paid")
    if charge is None:
        return Part(order, "waiting" if basket.status == BasketStatus.OPEN else "charging")
    if charge.status == InstructionStatus.REFUSED:
        return Part(order, "declined", baskets.reason(charge))
    return Part(order, "charging")
