"""Which mails a person wants. The inbox tells everything; mail may be turned off, by group.

A mail that is about signing in or about the account itself is always sent, and so is one that
nobody has put into a group: silence must be somebody's decision.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core import signing
from django.db import connection

from accounts.models import MailMute, Person

SALT = "accounts.mail_choices"
# Longer than the 30 days that a link must work for in the US (CAN-SPAM, 15 U.S.C. 7704 (a)(3));
# older ones lead to the settings.
LINKS_LIVE_SECONDS = 400 * 86400


@dataclass(frozen=True)
class Group:
    """Mails that are turned off together; `prefixes` begin their kinds."""

    name: str
    label: str
    about: str
    prefixes: tuple[str, ...]


GROUPS = (
    Group(
        "trades",
        "Your trades",
        "Paid, sent, arrived, disputed, and what you have to do by when",
        ("order_", "dispute_", "message_", "rating_", "evidence_", "verification_", "review_"),
    ),
    Group(
        "listings",
        "Your listings",
        "Approved, sent back, asked about, about to leave the market, expired or removed",
        ("listing_",),
    ),
    Group(
        "alerts",
        "What you wait for",
        "New offers that fit a saved search, watched ones that became cheaper, and answers to what"
        " you asked",
        ("alert_", "question_"),
    ),
    Group("payouts", "Your payouts", "Arrived at your bank, or failed", ("payout_",)),
)
BY_NAME = {group.name: group for group in GROUPS}


def group_of(kind: str) -> Group | None:
    """The group of a kind of mail; None for what is always sent."""
    return next((group for group in GROUPS if kind.startswith(group.prefixes)), None)


def muted(people: Iterable[int]) -> set[tuple[int, str]]:
    """Pairs of person and group of which no mail is wanted."""
    rows = MailMute.objects.filter(person__in=set(people))
    return set(rows.values_list("person_id", "group"))


def unmuted_groups(person: Person) -> list[str]:
    """The names of the groups that a person gets by mail."""
    off = {group for _, group in muted([person.pk])}
    return [group.name for group in GROUPS if group.name not in off]


def choose(person: Person, *, wanted: Iterable[str]) -> None:
    """Get mails of these groups and of no other. Within the caller's transaction."""
    assert connection.in_atomic_block, "all groups change together"
    chosen = set(wanted)
    MailMute.objects.filter(person=person, group__in=chosen).delete()
    off = [MailMute(person=person, group=name) for name in BY_NAME if name not in chosen]
    MailMute.objects.bulk_create(off, ignore_conflicts=True)


def mute(person_id: int, group: Group) -> None:
    """Send no more mails of this group; the second time is nothing."""
    if Person.objects.filter(pk=person_id).exists():
        MailMute.objects.bulk_create(
            [MailMute(person_id=person_id, group=group.name)], ignore_conflicts=True
        )


def link_token(person_id: int, group: Group) -> str:
    """What proves, in a link, that a mail of this group went to this person."""
    return signing.dumps([person_id, group.name], salt=SALT)


class NotOurLink(Exception):
    """A link that we did not make, or not lately."""


def read_token(token: str) -> tuple[int, Group]:
    """Whose mails of which group a link is about. Raises NotOurLink."""
    try:
        person_id, name = signing.loads(token, salt=SALT, max_age=LINKS_LIVE_SECONDS)
        return int(person_id), BY_NAME[name]
    except (signing.BadSignature, ValueError, TypeError, KeyError) as error:
        raise NotOurLink from error
