"""What people do: each act is one call of the product, as its views make it.

An act returns a line for the trace, or an empty one where there was nothing to do.
"""

from functools import partial
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Q
from PIL import Image

from listings.models import Listing
from orders import (
    cancellation,
    checkout,
    completion,
    conversation,
    disputes,
    follow,
    handing_in,
    proposals,
    transfer,
    weighing,
)
from orders.models import Dispute, DisputeStatus, EvidenceKind, Order, Verdict
from payments import collection, payouts, repairs
from payments.models import (
    Escrow,
    Incident,
    Instruction,
    InstructionStatus,
    Suspicion,
    WebhookEvent,
)
from providers.vocabulary import TransferMethod
from simulator.cards import CARDS, typed
from simulator.world import World


def place_order(world: World) -> str:
    """A buyer orders some of an offer; now and then the same request comes twice."""
    buyer, listing = world.pick(world.buyers), world.pick(Listing.objects.order_by("created_at"))
    steps = world.rng.randint(0, 5)
    face = listing.min_order_cents + steps * listing.step_cents
    key = f"key-{world.rng.randrange(10**9)}"
    for _ in range(world.rng.choice((1, 1, 1, 2))):
        checkout.once(
            buyer=buyer,
            key=key,
            body={"face": face},
            act=partial(checkout.reserve, buyer=buyer, listing=listing, face_value_cents=face),
            answer=lambda order: {"order": str(order.pk)},
        )
    return f"{buyer} orders {face}"


def pay(world: World) -> str:
    """Somebody fills in a payment page that is open, even where the order has ended meanwhile."""
    waiting = Escrow.objects.exclude(checkout_url="").filter(charge_id="").order_by("created_at")
    escrow = world.pick(waiting)
    if escrow is None:
        return ""
    card = world.rng.choices(list(CARDS), weights=list(CARDS.values()))[0]
    return f"{card} pays {escrow.price_cents}: {typed(world, escrow.checkout_url, card)}"


def come_back(world: World) -> str:
    """The buyer's browser returns from the payment page."""
    order = world.pick(world.orders("placed"))
    if order is None:
        return ""
    collection.collect(order.escrow_id)
    follow.follow(order)
    return f"back at {_shown(order)}"


def open_page_again(world: World) -> str:
    """The buyer goes to the payment page once more."""
    order = world.pick(world.orders("placed"))
    return order and _told(checkout.open_payment_page(order), "opens the page of")


def withdraw(world: World) -> str:
    """The buyer takes back what is not paid."""
    order = world.pick(world.orders("placed"))
    return order and _told(cancellation.cancel(order, actor=order.buyer), "withdraws")


def decline(world: World) -> str:
    """The seller will not deliver."""
    order = world.pick(world.orders("paid"))
    return order and _told(cancellation.cancel(order, actor=order.seller), "declines")


def deliver(world: World) -> str:
    """The seller sends, or the buyer looks at the codes."""
    order = world.pick(world.orders("paid"))
    if order is None:
        return ""
    if order.transfer_method == TransferMethod.REDEEM_CODE:
        transfer.reveal(order, actor=order.buyer)
    else:
        transfer.send(order, actor=order.seller, note="sent", part_cents=_part(order))
    return f"delivers {_shown(order)}"


def _part(order: Order) -> int | None:
    """A third of it, where that is a sum without cents; else it is all sent at once."""
    return None if order.face_value_cents % 300 else order.face_value_cents // 3


def confirm(world: World) -> str:
    """The buyer says that it arrived; where that is known of a part, the next one is sent."""
    order = world.pick(world.orders("transferred", "verified"))
    if order and order.more_to_come and order.parts_arrived_cents == order.parts_sent_cents:
        third = _part(order) if order.parts_sent_cents * 2 < order.face_value_cents else None
        transfer.send(order, actor=order.seller, note="", part_cents=third)
        return f"sends {third or 'the rest'} of {_shown(order)}"
    return order and _told(completion.confirm(order, actor=order.buyer), "confirms")


def weigh(world: World) -> str:
    """A seller hands in a document, and a moderator concludes: the other way to be verified."""
    order = world.pick(world.orders("transferred", "disputed"))
    if order is None:
        return ""
    handing_in.hand_in(
        order,
        actor=order.seller,
        picture=_picture(world),
        kind=EvidenceKind.DOCUMENT,
        nonce=handing_in.new_nonce(order, order.seller),
    )
    actor = world.pick(world.moderators)
    conversation.look(order, actor=actor, reason="Documents to compare.")
    verdict = world.rng.choice((Verdict.VERIFIED, Verdict.VERIFIED, Verdict.REFUTED))
    weighing.conclude(order, actor=actor, verdict=verdict, reason="Seen.")
    return _told(order, f"finds {verdict}")


def _picture(world: World) -> SimpleUploadedFile:
    """One that nobody has handed in before."""
    drawn = BytesIO()
    Image.frombytes("RGB", (4, 4), world.rng.randbytes(48)).save(drawn, "PNG")
    return SimpleUploadedFile("shot.png", drawn.getvalue(), content_type="image/png")


def complain(world: World) -> str:
    """The buyer opens a dispute."""
    order = world.pick(world.orders("paid", "transferred", "verified"))
    return order and _told(
        disputes.open_dispute(order, actor=order.buyer, reason="other", text="Wrong."), "disputes"
    )


def quarrel(world: World) -> str:
    """One of the two takes the next step of a dispute."""
    order = world.pick(world.orders("disputed"))
    if order is None:
        return ""
    one, other = world.rng.choice(((order.buyer, order.seller), (order.seller, order.buyer)))
    if order.dispute.status == DisputeStatus.ANSWERING:
        return _told(disputes.answer(order, actor=order.seller, text="Sent."), "answers")
    if order.dispute.status == DisputeStatus.DECIDED:
        if world.rng.random() < 0.5:
            return _told(disputes.appeal(order, actor=one, text="No."), "appeals")
        return _told(disputes.accept(order, actor=one), "accepts")
    open_one = order.dispute.proposals.filter(status="open", by=other).first()
    if open_one:
        agreed = proposals.accept(order, actor=one, proposal_id=open_one.pk)
        return _told(agreed, f"agrees to {open_one.refund_cents} back")
    # The bank may have taken all of it: then nobody can agree to share it.
    back = world.rng.randrange(1, max(order.escrow.held_cents, 2))
    proposals.propose(order, actor=one, refund_cents=back)
    return _told(order, f"proposes {back} back")


def decide(world: World) -> str:
    """A moderator decides a dispute."""
    dispute = world.pick(Dispute.objects.undecided().order_by("opened_at"))
    if dispute is None:
        return ""
    outcome = world.rng.choice((disputes.RELEASE, disputes.REFUND))
    actor = world.pick(world.moderators)
    return _told(disputes.decide(dispute, actor=actor, outcome=outcome, reason="Seen."), outcome)


def ask_for_payout(world: World) -> str:
    """A seller wants what there is."""
    seller = world.pick(world.sellers)
    return f"payout of {payouts.request_payout(seller).amount_cents} to {seller}"


def repair(world: World) -> str:
    """A moderator tries again what was refused or set aside."""
    actor = world.pick(world.moderators)
    stuck = Instruction.objects.filter(repairs.refused()).order_by("created_at")
    refused = world.pick(stuck)
    if refused is not None and refused.kind == "refund" and world.rng.random() < 0.5:
        repairs.pay_elsewhere(refused, actor=actor, reason="By bank transfer.")
        return "pays a refund another way"
    if refused is not None:
        repairs.send_again(refused, actor=actor, reason="The cause is gone.")
        return f"sends {refused.kind} again"
    if event := world.pick(WebhookEvent.objects.filter(repairs.set_aside()).order_by("pk")):
        repairs.follow_up_again(event, actor=actor, reason="The cause is gone.")
        return f"takes {event.type} up again"
    return ""


def close_incident(world: World) -> str:
    """A moderator has looked at something."""
    incident = world.pick(Incident.objects.filter(closed_at=None).order_by("pk"))
    if incident is None:
        return ""
    repairs.close_incident(incident, actor=world.pick(world.moderators), reason="Seen.")
    return f"closes {incident.kind}"


def open_chargeback(world: World) -> str:
    """A buyer goes to their bank."""
    paid = Escrow.objects.exclude(charge_id="").order_by("created_at")
    escrow = world.pick(paid)
    if escrow is None:
        return ""
    reason = world.rng.choice(("fraudulent", "product_not_received"))
    opened = world.control("POST", "disputes/", {"charge": escrow.charge_id, "reason": reason})
    return f"the bank disputes {escrow.price_cents}: {bool(opened)}"


def decide_chargeback(world: World) -> str:
    """The bank decides."""
    dispute = world.pick(open_chargebacks(world))
    if dispute is None:
        return ""
    outcome = world.rng.choice(("won", "lost"))
    world.control("POST", f"disputes/{dispute}/", {"outcome": outcome})
    return f"the bank decides: {outcome}"


def open_chargebacks(world: World) -> list[str]:
    """Ids of disputes that the sandbox has open, noticed here or not."""
    found = world.control("GET", "disputes/")["results"]
    return [row["id"] for row in found if row["open"]]


def fail_later(world: World) -> str:
    """A refund or a payout that seemed to arrive comes back."""
    done = (InstructionStatus.DONE, InstructionStatus.RETURNED)
    sent = Instruction.objects.filter(kind__in=("refund", "payout"), status__in=done)
    found = world.pick(sent.filter(~Q(remote_id="")).order_by("done_at"))
    if found is None:
        return ""
    world.control("POST", f"{found.kind}s/{found.remote_id}/", {"outcome": "failed"})
    return f"a {found.kind} comes back"


def bank_warns(world: World) -> str:
    """A card's bank warns of fraud, or Stripe looks at a payment more closely."""
    escrow = world.pick(Escrow.objects.exclude(charge_id="").order_by("created_at"))
    if escrow is None:
        return ""
    kind = world.rng.choice(("warnings", "reviews"))
    opened = world.control("POST", f"{kind}/", {"charge": escrow.charge_id})
    return f"{kind} about {escrow.price_cents}: {bool(opened)}"


def suspicion_ends(world: World) -> str:
    """Stripe closes a review, or a moderator sees no fraud."""
    suspicion = world.pick(Suspicion.objects.filter(cleared_at=None).order_by("pk"))
    if suspicion is None:
        return ""
    if suspicion.kind == Suspicion.Kind.REVIEW:
        world.control("POST", f"reviews/{suspicion.remote_id}/", {"reason": "approved"})
        return "a review is closed"
    actor = world.pick(world.moderators)
    repairs.clear_suspicion(suspicion.escrow, actor=actor, reason="No fraud.")
    return "no fraud"


def pay_oddly(world: World) -> str:
    """Somebody pays in a way that takes days, or another amount or currency."""
    waiting = Escrow.objects.exclude(checkout_id="").filter(charge_id="").order_by("created_at")
    escrow = world.pick(waiting)
    if escrow is None:
        return ""
    outcome = world.rng.choice(("processing", "processing", "paid", "failed"))
    odd: dict[str, Any] = {"outcome": outcome}
    if outcome == "paid" and world.rng.random() < 0.5:
        name, value = world.rng.choice((("amount_cents", 777), ("currency", "eur")))
        odd[name] = value
    done = world.control("POST", f"sessions/{escrow.checkout_id}/", odd)
    return f"{odd} for {escrow.price_cents}: {bool(done)}"


def return_quarantined(world: World) -> str:
    """A moderator sends back what is not as agreed."""
    escrow = world.pick(Escrow.objects.filter(quarantined_at__isnull=False).order_by("created_at"))
    if escrow is None:
        return ""
    actor = world.pick(world.moderators)
    repairs.return_quarantined(escrow, actor=actor, reason="Not as agreed.")
    return f"sends back what came for {escrow.price_cents}"


def _shown(order: Order) -> str:
    return f"order of {order.price_cents}, {order.status}"


def _told(order: Order, verb: str) -> str:
    order.refresh_from_db(fields=["status"])
    return f"{verb} {_shown(order)}"


Act = Any
PEOPLE: dict[Act, int] = {
    place_order: 14,
    pay: 26,
    come_back: 10,
    open_page_again: 2,
    withdraw: 2,
    decline: 2,
    deliver: 22,
    confirm: 22,
    weigh: 18,
    complain: 3,
    quarrel: 6,
    decide: 5,
    ask_for_payout: 4,
    repair: 3,
    close_incident: 1,
    open_chargeback: 2,
    decide_chargeback: 3,
    fail_later: 2,
    bank_warns: 2,
    suspicion_ends: 2,
    pay_oddly: 2,
    return_quarantined: 1,
}
