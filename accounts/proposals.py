"""Four eyes: what one person proposes with its exact terms, another agrees to, and then it is done.

Here are the rows; `accounts.acts` carries out what was agreed.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils import timezone

from accounts import audit, one_person
from accounts.models import Person, Proposal
from accounts.refusals import NotAllowed, WrongState

S = Proposal.State
CLOSED = "This proposal is not open any more, or is not what you saw. Look at it again."


@dataclass(frozen=True)
class Terms:
    """What exactly is to be done: the act, the row in the state it was seen in, and the form."""

    action: str
    row: str
    version: str
    form: dict[str, list[str]]

    @property
    def text(self) -> str:
        """The same terms are always the same text."""
        return json.dumps(self.__dict__, sort_keys=True, ensure_ascii=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def posted(self) -> QueryDict:
        """The form as it was posted."""
        data = QueryDict(mutable=True)
        for name, values in self.form.items():
            data.setlist(name, values)
        return data


def read(proposal: Proposal) -> Terms:
    """The terms of a proposal."""
    return Terms(**json.loads(proposal.terms))


def propose(
    terms: Terms,
    *,
    actor: Person,
    subject: str,
    title: str,
    parties: Iterable[int],
    cents: int | None,
    reason: str,
) -> Proposal:
    """Put an act before a second person, within the caller's transaction.

    Raises WrongState where the same act on the row waits already.
    """
    everybody = {one for party in parties for one in one_person.same_as(party)}
    same = Proposal.objects.filter(action=terms.action, row=terms.row, state=S.OPEN)
    same.filter(expires_at__lte=Now()).update(state=S.EXPIRED)
    try:
        with transaction.atomic():
            proposal = Proposal.objects.create(
                action=terms.action,
                row=terms.row,
                subject=subject,
                title=title[:200],
                terms=terms.text,
                digest=terms.digest,
                cents=cents,
                parties=sorted(everybody),
                proposed_by=actor,
                expires_at=timezone.now() + timedelta(seconds=settings.FOUR_EYES_WITHIN_SECONDS),
            )
    except IntegrityError:
        raise WrongState("This has been proposed already, and waits for a second person.") from None
    audit.record(
        actor=actor,
        act="proposed",
        subject=subject,
        reason=reason,
        action=terms.action,
        proposal=proposal.pk,
        digest=terms.digest,
    )
    return proposal


def settle(
    proposal: Proposal, *, actor: Person, state: str, reason: str, agreed: str = "", done: str = ""
) -> None:
    """End an open proposal, once. Raises WrongState where it is not open or not what was seen."""
    rows = Proposal.objects.filter(pk=proposal.pk, state=S.OPEN, expires_at__gt=Now())
    if state == S.AGREED:
        rows = rows.filter(digest=agreed) if agreed == done else rows.none()
    ended = rows.update(
        state=state,
        decided_by=actor,
        decided_at=Now(),
        decision=reason,
        agreed_digest=agreed,
        executed_digest=done,
    )
    if not ended:
        raise WrongState(CLOSED)
    audit.record(
        actor=actor,
        act=f"proposal_{state}",
        subject=proposal.subject,
        reason=reason,
        action=proposal.action,
        proposal=proposal.pk,
        digest=proposal.digest,
        proposed_by=proposal.proposed_by_id,
    )


def refuse(proposal: Proposal, *, actor: Person, reason: str) -> None:
    """A second person says no. Raises WrongState where it is not open."""
    settle(proposal, actor=actor, state=S.REFUSED, reason=reason)


def withdraw(proposal: Proposal, *, actor: Person, reason: str) -> None:
    """Whoever proposed it thinks better of it. Raises NotAllowed for others, or WrongState."""
    if actor.pk != proposal.proposed_by_id:
        raise NotAllowed("Only whoever proposed it can withdraw it. You can refuse it.")
    settle(proposal, actor=actor, state=S.WITHDRAWN, reason=reason)


def expire_due() -> int:
    """What nobody agreed to in time; returns how many."""
    return Proposal.objects.filter(state=S.OPEN, expires_at__lte=Now()).update(state=S.EXPIRED)
