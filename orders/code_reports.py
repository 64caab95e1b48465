"""Single codes that did not work: only those are refunded, the others are paid for.

A report is a dispute that claims the price of the reported codes, with the proposal to split the
payment so: the seller agrees by accepting it, and by the published table also by saying nothing.
"""

import csv
import io
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from listings import vault
from listings.models import Code
from orders import disputes, proposals
from orders.models import CodeProblem, CodeReport, Order, OrderStatus
from orders.progress import locked
from payments import money
from providers.vocabulary import TransferMethod

# What a spreadsheet takes for a formula when a cell begins with it.
RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@transaction.atomic
def report(order: Order, *, actor: Person, problems: Mapping[int, str], text: str) -> Order:
    """The buyer says which codes, counted from 1, were used already or are not valid.

    Raises NotAllowed, WrongState unless the codes were seen and the time to inspect goes on,
    Invalid naming `codes`.
    """
    order = locked(order)
    if actor.pk != order.buyer_id:
        raise NotAllowed("Only the buyer reports codes.")
    in_time = Order.objects.filter(pk=order.pk, deadline__gt=Now()).exists()
    if not is_open(order) or not in_time:
        raise WrongState("Codes are reported after they were shown, in your time to inspect.")
    codes = vault.of(order.pk)
    if not problems or not set(problems) <= set(range(1, len(codes) + 1)):
        raise Invalid("codes", f"Name codes of this order, from 1 to {len(codes)}.")
    if not set(problems.values()) <= set(CodeProblem.values):
        raise Invalid("codes", "Say of each code whether it was used already or is not valid.")
    claim = claim_of(order, codes, problems)
    dispute = disputes.begin(
        order, actor=actor, reason="code_invalid", text=text, claim_cents=claim
    )
    CodeReport.objects.bulk_create(
        CodeReport(dispute=dispute, code=codes[number - 1], number=number, problem=problem)
        for number, problem in sorted(problems.items())
    )
    if claim < order.price_cents:
        proposals.propose(order, actor=actor, refund_cents=claim)
    return order


def is_open(order: Order) -> bool:
    """Whether single codes of an order can be reported."""
    by_code = order.transfer_method == TransferMethod.REDEEM_CODE
    return by_code and order.status == OrderStatus.TRANSFERRED and order.revealed_at is not None


def claim_of(order: Order, codes: Sequence[Code], problems: Mapping[int, str]) -> int:
    """What the reported codes cost of the price."""
    worth = sum(codes[number - 1].face_value_cents for number in problems)
    total = sum(code.face_value_cents for code in codes)
    claim, _rest = money.split(order.price_cents, [worth, total - worth])
    return claim


def as_csv(order: Order, codes: Sequence[str]) -> str:
    """Codes as a file that a spreadsheet opens without running anything."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["Number", "Code"])
    for number, code in enumerate(codes, start=1):
        writer.writerow([str(number), f"'{code}" if code.startswith(RUNS) else code])
    return out.getvalue()
