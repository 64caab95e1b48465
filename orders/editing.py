"""Editions of all kinds of documents: what each kind is, what checks it, and how it would look."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts import editions
from accounts.models import Document, Edition, Person
from orders import decisions, dispute_views
from orders.decisions import Table
from orders.models import Dispute, DisputeStatus
from providers import catalogue, editing, written
from providers.catalogue_section import CatalogueError

# As many open disputes as a preview looks at: enough to see what a change would do.
LOOKED_AT, SHOWN = 500, 20


@dataclass(frozen=True)
class Kind:
    """One kind of document. All are called with what a document is about, "" where about nothing.

    `read` raises CatalogueError where a text does not fit this release, `check` Invalid where
    nobody may propose it; `show` answers with the page as it would be.
    """

    title: str
    page: str
    hint: str
    file_text: Callable[[str], str]
    read: Callable[[str, str], Any]
    check: Callable[[str, str], Any]
    show: Callable[[HttpRequest, str, str], HttpResponse]


def _check_decisions(_about: str, text: str) -> Table:
    editions.parse(text)
    table: Table = editing.fitting(decisions.read_edition, text)
    return table


def _show_decisions(request: HttpRequest, about: str, text: str) -> HttpResponse:
    return dispute_views.rules_page(request, _check_decisions(about, text), history=())


KINDS = {
    "provider": Kind(
        title="Facts and programmes",
        page="/providers/{}/",
        hint="The policy is changed on the provider's own page; how a balance is read, the form of"
        " keys and the clocks are decided by a release, and must stay as they are.",
        file_text=catalogue.file_text,
        read=catalogue.read_edition,
        check=editing.check_provider,
        show=editing.show_provider,
    ),
    "guide": Kind(
        title="Guide",
        page="/guides/{}/",
        hint="Every source has an address and a day, and is cited. With nothing but a comment, the"
        " guide is composed of facts alone.",
        file_text=written.file_text,
        read=written.read_edition,
        check=editing.check_guide,
        show=editing.show_guide,
    ),
    decisions.DOCUMENT: Kind(
        title="How time decides disputes",
        page="/how-disputes-end/",
        hint="Every case needs an outcome. A dispute keeps the table of the day it was opened on.",
        file_text=lambda _about: decisions.file_text(),
        read=lambda _about, text: decisions.read_edition(text),
        check=_check_decisions,
        show=_show_decisions,
    ),
}


def kind_of(document: Document) -> Kind:
    return KINDS[document.kind]


def file_text(document: Document) -> str:
    """The file as this release has it, "" where there is none."""
    return kind_of(document).file_text(document.about)


def file_digest(document: Document) -> str:
    """The hash of the file, "" where there is none."""
    text = file_text(document)
    return editions.digest_of(text) if text else ""


def outdated() -> list[Document]:
    """Documents whose file a release changed beneath the edition that counts; one query."""
    return [one for one, digest in editions.made_over() if digest != file_digest(one)]


def text_in_force(document: Document, edition: Edition | None) -> str:
    """The text of an edition, the file's where there is none."""
    return edition.text if edition else file_text(document)


def check(document: Document, text: str) -> None:
    """Raises Invalid where the text is not what its kind must be."""
    kind_of(document).check(document.about, text)


def unfit(document: Document, edition: Edition | None) -> str:
    """Why an edition does not fit this release, so that the file counts; "" where it does."""
    try:
        if edition is not None:
            kind_of(document).read(document.about, edition.text)
    except CatalogueError as error:
        return f"{error.field}: {error.problem}"
    return ""


def publish(
    document: Document,
    *,
    actor: Person,
    second: Person | None,
    text: str,
    begins_on: date | None,
    reason: str,
) -> None:
    """Two people agree to a text: it counts from its day on. Raises Invalid or WrongState."""
    check(document, text)
    editions.publish(
        document,
        actor=actor,
        second=second,
        text=text,
        file_text=file_text(document),
        begins_on=begins_on,
        reason=reason,
    )


@dataclass(frozen=True)
class Differing:
    """A dispute that time would decide otherwise, had it been opened under another table."""

    dispute: Dispute
    now_cents: int
    then_cents: int


def differing(text: str) -> tuple[int, list[Differing]]:
    """How many of the newest open disputes were looked at, and those that would end otherwise."""
    table = _check_decisions("", text)
    known = list(Edition.objects.filter(document=decisions.DOCUMENT))
    waiting = (DisputeStatus.ANSWERING, DisputeStatus.TALKING, DisputeStatus.REVIEWING)
    rows = Dispute.objects.filter(status__in=waiting).select_related("order__escrow")
    newest = list(rows.order_by("-opened_at")[:LOOKED_AT])
    for dispute in newest:
        counted = (one for one in known if one.begins_at <= dispute.opened_at)
        dispute.decided_under = decisions.table_of(next(counted, None))
    return len(newest), list(_differing(newest, table))


def _differing(disputes: Iterable[Dispute], table: Table) -> Iterable[Differing]:
    for dispute in disputes:
        answered = dispute.status != DisputeStatus.ANSWERING
        now = decisions.default(dispute.order, dispute, answered=answered)
        then = decisions.default(dispute.order, dispute, answered=answered, table=table)
        if now.refund_cents != then.refund_cents:
            yield Differing(dispute, now.refund_cents, then.refund_cents)
