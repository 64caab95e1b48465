"""Credit that had arrived and is gone again, and what moderators make of that."""

from django.db import transaction

from orders.progress import locked
from orders.verification import watching
from payments import give_backs
from payments.models import Incident
from payments.reserve import CREDIT_REVERSED
from simulator.world import World


def credit_goes(world: World) -> str:
    """A watch sees that all of it is gone, or half; before the release, or after it."""
    order = world.pick(world.orders("verified", "completed"))
    if order is None:
        return ""
    left = world.rng.choice((0, order.face_value_cents // 2))
    with transaction.atomic():
        watching.gone(locked(order), left)
    return f"{left} is left of {order.face_value_cents}, {order.status}"


def give_back(world: World) -> str:
    """A moderator gives back what is gone, or some of it."""
    case = world.pick(Incident.objects.filter(kind=CREDIT_REVERSED, closed_at=None).order_by("pk"))
    if case is None:
        return ""
    cents = give_backs.suggested(case)
    if world.rng.random() < 0.3:
        cents = world.rng.randint(0, cents + 1)
    actor = world.pick(world.moderators)
    give_backs.begin(case, actor=actor, reason="Seen.", refund_cents=cents)
    return f"gives {cents} back"


GONE = {credit_goes: 4, give_back: 8}
