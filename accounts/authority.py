"""Who may do what in the console: one table, `roles.toml`, and the questions put to it.

Deny first: what the table does not name is refused to everybody, and so is whatever is somebody's
own case, whichever of their accounts it concerns.
"""

from collections.abc import Iterable

from accounts import one_person, roles
from accounts.models import Person
from accounts.refusals import NotAllowed
from accounts.roles import Rule

OWN_CASE = "This concerns you: another moderator decides. Nobody decides on their own case."


class NotYourRole(NotAllowed):
    """The person's role has no such right; nobody else's case comes into it."""

    code = "not_your_role"
    message = "Your role in the console does not allow this."


def role_of(person: Person) -> str:
    """The role that counts at this moment; empty for whoever has none any more."""
    return person.role if person.is_active and person.is_staff else ""


def may_see(person: Person, page: str) -> bool:
    """Whether somebody sees a list or page of the console."""
    return role_of(person) in roles.table().see.get(page, frozenset())


def may(person: Person, action: str) -> bool:
    """Whether somebody's role allows an act, on a case that is not their own."""
    known = roles.table().acts.get(action)
    return known is not None and role_of(person) in known.may


def may_decide(person: Person, page: str) -> bool:
    """Whether there is anything that somebody's role does with rows of a page."""
    acts = (action for action in roles.table().acts if action.rpartition(".")[0] == page)
    return any(may(person, action) for action in acts)


def rule(action: str) -> Rule:
    """What the table says of an act that it names."""
    return roles.table().acts[action]


def may_second(person: Person, action: str) -> bool:
    """Whether somebody's role lets them agree to what another has proposed."""
    known = roles.table().acts.get(action)
    return known is not None and role_of(person) in known.second


def is_party(person: Person, parties: Iterable[int | None]) -> bool:
    """Whether a case is about this person, or about anybody who is known to be them."""
    about = {party for party in parties if party is not None}
    return bool(about) and not about.isdisjoint(one_person.same_as(person.pk))


def require(person: Person, action: str, *, parties: Iterable[int | None]) -> Rule:
    """What the table says of the act. Raises NotYourRole, or NotAllowed on one's own case."""
    if not may(person, action):
        raise NotYourRole
    if is_party(person, parties):
        raise NotAllowed(OWN_CASE)
    return rule(action)
