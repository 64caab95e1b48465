"""What waits for a moderator: one list over all apps, the most urgent first.

However much waits, the list is one query (a bounded part of each kind, through its index), the
counts are one, and the claims are one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import CharField, DateTimeField, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone

from accounts import authority, claims
from accounts.models import Claim, Person
from marketplace import ledger_audit
from marketplace.console.kinds import BY_NAME, KINDS, Kind
from payments.models import LedgerAudit

# As many as anybody reads at once, and as far as anybody counts.
MOST, COUNTED = 50, 500
WHOSE = {"": "All", "mine": "Mine", "unclaimed": "Unclaimed"}


@dataclass(frozen=True)
class Item:
    """One thing to do: `due_at` is the end of its service time, `deadline` when time decides."""

    kind: Kind
    key: str
    title: str
    detail: str
    since: datetime
    deadline: datetime | None
    claim: Claim | None = None

    @property
    def due_at(self) -> datetime:
        due = self.since + self.kind.within
        return min(due, self.deadline) if self.deadline else due

    @property
    def is_late(self) -> bool:
        return self.due_at < timezone.now()

    @property
    def url(self) -> str:
        name = self.kind.page.replace(".", "_")
        return reverse(f"admin:{name}_change", args=[self.key.partition(":")[2]])


@dataclass(frozen=True)
class View:
    """Which part of the queue somebody looks at; its address can be kept as a bookmark."""

    kind: str = ""
    whose: str = ""

    @classmethod
    def asked(cls, params: Mapping[str, Any]) -> "View":
        """What an address asks for; what there is not is left out."""
        kind, whose = str(params.get("kind", "")), str(params.get("whose", ""))
        return cls(kind if kind in BY_NAME else "", whose if whose in WHOSE else "")

    def but(self, **changes: str) -> str:
        """The address of the same view with something else in it."""
        found = {"kind": self.kind, "whose": self.whose} | changes
        return "?" + urlencode({name: value for name, value in found.items() if value})


def kinds_for(person: Person) -> list[Kind]:
    """The kinds of case that a role works on."""
    return [kind for kind in KINDS if authority.may_see(person, kind.page)]


def items(person: Person, view: View, *, most: int = MOST) -> list[Item]:
    """The part of the queue that somebody asked for, the most urgent first."""
    shown = [kind for kind in kinds_for(person) if view.kind in ("", kind.name)]
    mine = set(claims.lasting().filter(person=person).values_list("key", flat=True))
    parts = [_part(kind, person, view, mine)[:most] for kind in shown]
    if not parts:
        return []
    found = [_item(row) for row in parts[0].union(*parts[1:], all=True)]
    found.sort(key=lambda item: (item.kind.rank, item.due_at, item.key))
    return _with_claims(found[:most])


def _part(kind: Kind, person: Person, view: View, mine: Iterable[str]) -> QuerySet[Any, Any]:
    """A kind's rows as columns that are the same for every kind, the oldest first."""
    rows = kind.rows()
    if kind.name == "proposal":
        rows = rows.exclude(proposed_by=person)
    key = Concat(Value(f"{kind.page}:"), Cast("pk", CharField()))
    if view.whose == "unclaimed":
        rows = rows.alias(q_key=key).exclude(Exists(claims.lasting().filter(key=OuterRef("q_key"))))
    elif view.whose == "mine":
        pks = [one.partition(":")[2] for one in mine if one.startswith(f"{kind.page}:")]
        rows = rows.filter(pk__in=pks)
    moment = DateTimeField()
    ends = F(kind.deadline) if kind.deadline else Value(None)
    return rows.order_by(kind.since).values_list(
        Value(kind.name, CharField()),
        key,
        Cast(kind.title, CharField()),
        Cast(kind.detail, CharField()),
        Cast(F(kind.since), moment),
        Cast(ends, moment),
    )


def _item(row: tuple[Any, ...]) -> Item:
    name, key, title, detail, since, deadline = row
    kind = BY_NAME[name]
    words = title.replace("_", " ").capitalize() if name == "incident" else title
    return Item(kind, key, words, kind.said(detail), since, deadline)


def _with_claims(found: list[Item]) -> list[Item]:
    rows = claims.lasting().filter(key__in=[item.key for item in found]).select_related("person")
    by_key = {claim.key: claim for claim in rows}
    return [Item(**(item.__dict__ | {"claim": by_key.get(item.key)})) for item in found]


def counts(person: Person) -> dict[str, int]:
    """How much of each kind waits, counted no further than anybody needs; one query."""
    shown = kinds_for(person)
    parts: list[str] = []
    params: list[Any] = []
    for kind in shown:
        rows = kind.rows().order_by()
        if kind.name == "proposal":
            rows = rows.exclude(proposed_by=person)
        # The column of the kind's index, so that it alone is read.
        sql, values = rows.values(kind.since)[:COUNTED].query.sql_with_params()
        parts.append(f"SELECT '{kind.name}', count(*) FROM ({sql}) AS {kind.name}")  # noqa: S608
        params += values
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return dict(cursor.fetchall())


def overview(person: Person, view: View) -> dict[str, Any]:
    """The page: the queue as asked for, what waits of each kind, and the newest audit."""
    audit, waiting = LedgerAudit.objects.first(), counts(person)
    tabs = [
        {
            "label": kind.label,
            "count": waiting[kind.name],
            "url": view.but(kind=kind.name),
            "is_here": kind.name == view.kind,
        }
        for kind in kinds_for(person)
        if waiting[kind.name] or kind.name == view.kind
    ]
    whose = [
        {"label": label, "url": view.but(whose=name), "is_here": name == view.whose}
        for name, label in WHOSE.items()
    ]
    return {
        "items": items(person, view),
        "view": view,
        "tabs": tabs,
        "everything": {"count": sum(waiting.values()), "url": view.but(kind="")},
        "whose": whose,
        "audit": audit,
        "is_overdue": audit is not None and ledger_audit.is_overdue(),
        "frozen": audit is not None and not audit.is_clean,
        "counted": COUNTED,
    }


def take_next(person: Person, view: View) -> Item | None:
    """Claim the most urgent case that nobody is on and that the person's role decides."""
    for item in items(person, View(view.kind, "unclaimed"), most=MOST):
        if item.kind.for_others or not authority.may_decide(person, item.kind.page):
            continue
        if claims.take(item.key, actor=person):
            return item
    return None
