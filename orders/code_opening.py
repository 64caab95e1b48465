"""Breaking the glass: how a code is read by somebody who neither offered nor bought it.

Nobody of staff sees codes. Where a dispute cannot be judged without one, a moderator asks with a
reason, a second person agrees, and the moderator reads that one code, once, within a quarter of an
hour. Both steps are in the audit, and whoever the code belongs to is told that it was read.
"""

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.urls import reverse

from accounts import audit
from accounts.models import Person
from accounts.notifications import notify
from accounts.refusals import NotAllowed, WrongState
from listings import vault
from listings.models import Code
from orders.models import Order
from orders.opening_models import CodeOpening


def open_code(code: Code, *, actor: Person, reason: str) -> None:
    """Let somebody read a code, within the transaction in which a second person agreed to it.

    Raises WrongState where they may read a code already: one at a time.
    """
    assert connection.in_atomic_block
    mine = CodeOpening.objects.filter(by=actor, ended_at=None)
    mine.filter(ends_at__lte=Now()).update(ended_at=Now())
    try:
        with transaction.atomic():
            CodeOpening.objects.create(code=code, by=actor, reserved_for=code.reserved_for)
    except IntegrityError:
        raise WrongState("One code at a time: another is open to whoever asked for this.") from None
    audit.record(
        actor=actor, act="code_opened", subject=f"code:{code.pk}", reason=reason, **_where(code)
    )


def opening_for(code: Code, person: Person) -> CodeOpening | None:
    """The leave that somebody has to read a code at this moment; none once it was sold on."""
    lasting = code.openings.filter(by=person, ended_at=None, ends_at__gt=Now()).first()
    return lasting if lasting and lasting.reserved_for == code.reserved_for else None


@transaction.atomic
def read(code: Code, *, actor: Person) -> str:
    """The code in plain text, to whoever it was opened to; its owners are told in the same step.

    Raises NotAllowed without such leave, or once it was used.
    """
    # Nobody sells it or takes it back while it is read.
    code = Code.objects.select_for_update(of=("self",)).select_related("listing").get(pk=code.pk)
    opening = opening_for(code, actor)
    if opening is None or not _use(opening):
        raise NotAllowed("This code is not open to you: it needs a reason and a second person.")
    audit.record(
        actor=actor,
        act="code_read",
        subject=f"code:{code.pk}",
        reason="Read with the leave of a second person.",
        opening=opening.pk,
        **_where(code),
    )
    _tell(code, opening)
    return vault.read(code)


def _use(opening: CodeOpening) -> bool:
    rows = CodeOpening.objects.filter(pk=opening.pk, ended_at=None, ends_at__gt=Now())
    return bool(rows.update(read_at=Now(), ended_at=Now()))


def owners(code: Code) -> dict[int, str]:
    """Who the code belongs to, with their page of it: whoever offered it, and whoever buys it."""
    found = {code.listing.seller_id: reverse("listings:detail", args=[code.listing_id])}
    if code.reserved_for:
        buyers = Order.objects.filter(pk=code.reserved_for).values_list("buyer_id", flat=True)
        address = reverse("orders:detail", args=[code.reserved_for])
        found |= dict.fromkeys(buyers, address)
    return found


def _tell(code: Code, opening: CodeOpening) -> None:
    pages = owners(code)
    for person in Person.objects.filter(pk__in=pages, erasure=None):
        notify(
            person=person,
            kind="code_read",
            key=f"code_read:{opening.pk}:{person.pk}",
            url=pages[person.pk],
            title=code.listing.title,
            number=code.pk,
        )


def _where(code: Code) -> dict[str, Any]:
    order = str(code.reserved_for) if code.reserved_for else ""
    return {"listing": str(code.listing_id), "order": order}
