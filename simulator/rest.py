"""Driving everything to rest: no more faults, time passes, and people do what is left to them."""

from contextlib import suppress

from accounts.models import Person
from accounts.refusals import Refusal
from marketplace import sweeps
from orders import disputes
from orders.models import Dispute
from payments import give_backs, incidents, payouts, repairs
from payments.models import Escrow, Incident, Instruction, PayoutAccount, WebhookEvent
from payments.reserve import CREDIT_REVERSED
from simulator import acts, checks
from simulator.world import World

ROUNDS = 40
# Seconds: from the processor's retries to the longest deadline of a trade.
LEAPS = (60, 3600, 6 * 3600, 2 * 86400, 4 * 86400)


def drive(world: World) -> None:
    """Until nothing is stuck, and all that is a seller's has reached their bank."""
    world.control("DELETE", "faults/")
    for account in PayoutAccount.objects.order_by("person_id"):
        world.control("POST", f"accounts/{account.remote_id}/", {"restricted": False})
    for number in range(ROUNDS):
        _deliver_all(world)
        sweeps.poll()
        sweeps.sweep()
        sweeps.audit()
        if incidents.payouts_frozen():
            checks.after_step(world)
        _people_act(world)
        world.pass_time(LEAPS[number % len(LEAPS)])
        if number > 3 and not checks.stuck() and not _pay_out(world):
            return
    raise checks.Broken(f"after {ROUNDS} rounds still stuck: {checks.stuck()}")


def _deliver_all(world: World) -> None:
    world.take_webhooks()
    arriving, world.under_way = world.under_way, []
    for hook in arriving:
        world.bring(hook)


def _people_act(world: World) -> None:
    actor = world.moderators[0]
    for refused in Instruction.objects.filter(repairs.refused()).order_by("created_at"):
        if refused.error.startswith(("came_back", "charge_disputed")):
            repairs.pay_elsewhere(refused, actor=actor, reason="By bank transfer.")
            continue
        repairs.send_again(refused, actor=actor, reason="The cause is gone.")
    for event in WebhookEvent.objects.filter(repairs.set_aside()).order_by("pk"):
        repairs.follow_up_again(event, actor=actor, reason="The cause is gone.")
    for quarrel in Dispute.objects.undecided().order_by("opened_at"):
        with suppress(Refusal):
            outcome = world.rng.choice((disputes.RELEASE, disputes.REFUND))
            disputes.decide(quarrel, actor=actor, outcome=outcome, reason="Seen.")
    for escrow in Escrow.objects.filter(quarantined_at__isnull=False).order_by("created_at"):
        repairs.return_quarantined(escrow, actor=actor, reason="Not as agreed.")
    for case in Incident.objects.filter(kind=CREDIT_REVERSED, closed_at=None).order_by("pk"):
        _end(case, actor)
    for dispute in acts.open_chargebacks(world):
        outcome = world.rng.choice(("won", "lost"))
        world.control("POST", f"disputes/{dispute}/", {"outcome": outcome})


def _end(case: Incident, actor: Person) -> None:
    """Give back what is there; where nothing is, or the bank was first, the case is closed."""
    try:
        cents = give_backs.suggested(case)
        give_backs.begin(case, actor=actor, reason="Gone.", refund_cents=cents)
    except Refusal:
        with suppress(Refusal):
            repairs.close_incident(case, actor=actor, reason="Nothing is there.")


def _pay_out(world: World) -> bool:
    """Have each seller ask for a payout; returns whether there was anything to pay."""
    asked = False
    for seller in world.sellers:
        with suppress(Refusal):
            payouts.request_payout(seller)
            asked = True
    return asked
