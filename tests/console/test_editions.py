"""Documents: corrected without a release, by two, from a day on; files count until then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.test import Client

from accounts import editions, frames, kept
from accounts.differences import difference
from accounts.models import AuditEntry, Document, Edition, Person, Proposal
from marketplace import ledger_audit
from orders import decisions, editing
from providers import catalogue, guide_shelf, known, written
from providers.guide_shelf import search
from providers.models import Program, Provider
from tests.console.conftest import signed_in
from tests.console.test_queue import queries_of
from tests.factories import a_listing, a_person
from tests.orders.quarrels import a_disputed_order, make_due

MARK = "Zanzibar spring grant"
FACTS = catalogue.file_text("vast").replace(
    "[[programs]]",
    f'[[programs]]\nslug = "spring"\nname = "{MARK}"\namount = "$50"\n\n[[programs]]',
    1,
)
GUIDE = written.file_text("modal").replace('title = "', 'title = "Zanzibar: ', 1)
# Whoever says that nothing arrived, where codes were shown, gets everything back.
TABLE = decisions.file_text().replace(
    'record = "codes_revealed"\nunanswered = "release"\nundecided = "release"',
    'record = "codes_revealed"\nunanswered = "refund"\nundecided = "release"',
)
TEXTS = {"provider-vast": FACTS, "guide-modal": GUIDE, "decisions": TABLE}

pytestmark = pytest.mark.usefixtures("documents")


@pytest.fixture
def documents(db: None) -> None:
    for name in (*TEXTS, "guide-vast"):
        Document.objects.get_or_create(name=name, kind=name.partition("-")[0])


@pytest.fixture
def loaded(db: None) -> None:
    """The two providers whose facts and guides are edited here."""
    whole = {entry.slug: entry for entry in catalogue.catalogue_entries()}
    catalogue.load_catalogue(entries=[whole["vast"], whole["modal"]])


@pytest.fixture
def lead() -> Person:
    return a_person("lead@example.com", role="lead", is_staff=True)


def where(name: str, what: str = "edition") -> str:
    return f"/console/accounts/document/{name}/{what}/"


def propose(client: Client, name: str, text: str, **more: str) -> Any:
    return client.post(where(name), {"text": text, "reason": "They changed it."} | more)


def agree(person: Person) -> Any:
    proposal = Proposal.objects.get(state="open", action="accounts.document.edition")
    given = {"digest": proposal.digest, "reason": "I looked."}
    address = f"/console/accounts/proposal/{proposal.pk}/agreement/"
    return signed_in(person).post(address, given)


def published(client: Client, person: Person, name: str, text: str, **more: str) -> None:
    assert propose(client, name, text, **more).status_code == 302
    assert agree(person).status_code == 302
    kept.forget_all()


def begun(name: str, text: str, by: Person, other: Person, **ago: int) -> Edition:
    """An edition that began some time ago."""
    at = Now() - timedelta(**ago)
    rows = {"document_id": name, "text": text, "digest": editions.digest_of(text), "reason": "."}
    return Edition.objects.create(**rows, by=by, agreed_by=other, at=at, begins_at=at)


@pytest.mark.usefixtures("loaded")
def test_two_people_correct_the_facts_of_a_provider(
    office: Client, admin: Person, lead: Person, client: Client
) -> None:
    assert propose(office, "provider-vast", FACTS).status_code == 302
    assert not Edition.objects.exists(), "a proposal changes nothing"
    proposal = Proposal.objects.get()
    page = signed_in(lead).get(f"/console/accounts/proposal/{proposal.pk}/change/")
    assert f"<ins>name = &quot;{MARK}&quot;</ins>" in page.content.decode()
    assert agree(lead).status_code == 302
    edition = Edition.objects.get()
    assert (edition.by, edition.agreed_by, edition.text) == (admin, lead, FACTS)
    assert edition.file_digest == editions.digest_of(catalogue.file_text("vast"))
    assert MARK not in client.get("/providers/vast/").content.decode()
    assert (catalogue.load_begun(), catalogue.load_begun()) == (1, 0)
    for page in ("/providers/vast/", "/guides/vast/", "/api/v1/providers/vast/"):
        assert MARK in client.get(page).content.decode()
    assert Provider.objects.get(pk="vast").edition == edition
    catalogue.load_catalogue()  # a deployment keeps it
    assert Program.objects.get(name=MARK).retired is False
    entry = AuditEntry.objects.get(act="edition_published")
    assert entry.details == {
        "edition": edition.pk,
        "digest": editions.digest_of(FACTS),
        "agreed_by": lead.pk,
        "begins_on": "",
    }
    assert ledger_audit.violations() == []


@pytest.mark.usefixtures("loaded")
def test_going_back_is_proposing_the_old_text_again(
    office: Client, lead: Person, client: Client
) -> None:
    published(office, lead, "provider-vast", FACTS)
    catalogue.load_begun()
    page = office.get(where("provider-vast", "change") + "?from=file").content.decode()
    assert MARK not in page[page.index("<textarea") : page.index("</textarea")]
    published(office, lead, "provider-vast", catalogue.file_text("vast"))
    catalogue.load_begun()
    assert MARK not in client.get("/providers/vast/").content.decode()
    assert Program.objects.get(name=MARK).retired
    first, second = Edition.objects.order_by("pk")
    assert (first.before, second.before) == (None, first)
    page = office.get(where("provider-vast", "change") + f"?from={first.pk}").content.decode()
    assert MARK in page[page.index("<textarea") : page.index("</textarea")]
    assert "Propose this text again" in page
    assert page.count("What it changed") == 2
    assert propose(office, "provider-vast", catalogue.file_text("vast")).status_code == 409


@pytest.mark.usefixtures("loaded")
def test_a_guide_is_found_by_its_new_words_and_its_card_too(
    office: Client, lead: Person, client: Client
) -> None:
    assert search("zanzibar") == []
    published(office, lead, "guide-modal", GUIDE)
    assert "Zanzibar: " in client.get("/guides/modal/").content.decode()
    assert [hit.provider.pk for hit in search("zanzibar")] == ["modal"]
    assert "Zanzibar: " in client.get("/guides/feed.xml").content.decode()
    published(office, lead, "guide-modal", "# Facts alone.")
    assert "credit: what there is" in client.get("/guides/modal/").content.decode()
    # One that had no guide gets one.
    whole = GUIDE.replace('provider = "modal"', 'provider = "vast"')
    published(office, lead, "guide-vast", whole)
    assert "Zanzibar: " in client.get("/guides/vast/").content.decode()


def test_a_dispute_keeps_the_table_of_the_moment_it_was_opened_at(
    office: Client, admin: Person, lead: Person, buyer: Person, client: Client
) -> None:
    old = a_disputed_order(buyer, reason="not_received", codes=["AAAA-1", "BBBB-2"])
    assert "Changes" not in client.get("/how-disputes-end/").content.decode()
    looked = office.post(where("decisions", "preview"), {"text": TABLE}).content.decode()
    assert "decide 1 of the newest 1 open dispute otherwise" in looked
    assert "They keep the table" in looked
    published(office, lead, "decisions", TABLE)
    new = a_disputed_order(buyer, reason="not_received", codes=["CCCC-1", "DDDD-2"])
    decided = [make_due(order).dispute.outcome for order in (old, new)]
    assert decided == ["release", "refund"]
    page = client.get("/how-disputes-end/").content.decode()
    changed = page[page.index('id="history"') :]
    assert "<del>The codes were shown to the buyer, and the buyer says" in changed
    assert "The seller does not answer: The buyer gets everything back" in changed
    assert ledger_audit.violations() == []


def test_it_begins_on_its_day(office: Client, lead: Person, client: Client) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    published(office, lead, "decisions", TABLE, begins_on=tomorrow.isoformat())
    assert decisions.table_now() == decisions.file_table()
    edition = Edition.objects.get()
    assert edition.begins_at == datetime.combine(tomorrow, datetime.min.time(), UTC)
    page = office.get(where("decisions", "change")).content.decode()
    assert f"Edition {edition.pk} takes over from" in page
    assert "<summary>From " in client.get("/how-disputes-end/").content.decode()


def test_the_newest_that_has_begun_counts(admin: Person, lead: Person) -> None:
    begun("guide-modal", GUIDE, admin, lead, days=3)
    begun("guide-modal", GUIDE.replace("Zanzibar", "Timbuktu"), admin, lead, days=2)
    guide = written.written_guide("modal")
    assert guide is not None
    assert guide.title.startswith("Timbuktu")
    moment = datetime.now(UTC) - timedelta(days=2, hours=12)
    found = editions.in_force_at("guide-modal", moment)
    assert found is not None
    assert found.text == GUIDE


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.usefixtures("loaded")
def test_looking_changes_nothing_and_shows_the_page_itself(office: Client, name: str) -> None:
    text = TEXTS[name]
    looked = office.post(where(name, "preview"), {"text": text})
    assert looked.status_code == 200
    assert "<ins>" in looked.content.decode()
    shown = office.post(where(name, "looks"), {"text": text})
    assert shown.status_code == 200
    page = shown.content.decode()
    assert "This is a preview" in page
    mark = {"provider-vast": MARK, "guide-modal": "Zanzibar", "decisions": "What time decides"}
    assert mark[name] in page
    assert not Edition.objects.exists()
    assert not AuditEntry.objects.exists()
    assert not Program.objects.filter(name=MARK).exists()


def test_nobody_agrees_with_themselves_or_to_another_text(
    office: Client, admin: Person, lead: Person
) -> None:
    propose(office, "decisions", TABLE)
    assert agree(admin).status_code == 403
    proposal = Proposal.objects.get()
    other = {"digest": editions.digest_of(TABLE), "reason": "Another hash."}
    address = f"/console/accounts/proposal/{proposal.pk}/agreement/"
    assert signed_in(lead).post(address, other).status_code == 409
    assert not Edition.objects.exists()
    assert decisions.table_now() == decisions.file_table()


def test_what_the_file_says_by_then_is_what_was_looked_at(
    office: Client, lead: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release between the proposal and the second person: it is proposed anew."""
    propose(office, "guide-modal", GUIDE)
    monkeypatch.setattr(written, "file_text", lambda slug: "another file")
    monkeypatch.setitem(
        editing.KINDS, "guide", kind_with(editing.KINDS["guide"], lambda about: "another file")
    )
    assert agree(lead).status_code == 409
    assert not Edition.objects.exists()


def kind_with(kind: editing.Kind, file_text: Any) -> editing.Kind:
    return editing.Kind(**{**kind.__dict__, "file_text": file_text})


@pytest.mark.usefixtures("loaded")
def test_a_release_that_changes_the_file_beneath_is_noticed(
    office: Client, admin: Person, lead: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(office, lead, "guide-modal", GUIDE)
    page = office.get(where("guide-modal", "change")).content.decode()
    assert "A release changed the file" not in page
    assert "Guide: modal" not in office.get("/console/operations/").content.decode()
    assert "Changed since" not in office.get("/console/accounts/document/").content.decode()
    monkeypatch.setitem(
        editing.KINDS, "guide", kind_with(editing.KINDS["guide"], lambda about: "another file")
    )
    page = office.get(where("guide-modal", "change")).content.decode()
    assert "A release changed the file" in page
    assert "?from=file" in page
    assert "Changed since" in office.get("/console/accounts/document/").content.decode()
    operations = office.get("/console/operations/").content.decode()
    assert f'<a href="{where("guide-modal", "change")}">Guide: modal</a>' in operations
    assert "Zanzibar: " in Client().get("/guides/modal/").content.decode()


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.usefixtures("loaded")
def test_an_edition_that_a_release_no_longer_understands_gives_way_to_the_file(
    office: Client, admin: Person, lead: Person, client: Client, name: str
) -> None:
    begun(name, 'mood = "good"', admin, lead, days=1)
    kept.forget_all()
    assert catalogue.load_begun() == (name == "provider-vast")
    public = {"provider-vast": "/providers/vast/", "guide-modal": "/guides/modal/"}
    assert client.get(public.get(name, "/how-disputes-end/")).status_code == 200
    assert "does not fit this release" in office.get(where(name, "change")).content.decode()


def test_who_may_look_and_propose(desk: Client, buyer: Person) -> None:
    assert desk.get(where("decisions", "change")).status_code == 200
    for what in ("preview", "looks", "edition"):
        assert desk.post(where("decisions", what), {"text": TABLE}).status_code == 403
        assert desk.get(where("decisions", what)).status_code == 405
        other = signed_in(buyer).post(where("decisions", what), {"text": TABLE})
        assert other.status_code == 302
    support = signed_in(a_person(role="support", is_staff=True))
    assert support.get(where("decisions", "change")).status_code == 403


@pytest.mark.usefixtures("loaded")
def test_pages_ask_the_same_however_many_editions_there_are(
    office: Client, admin: Person, lead: Person, client: Client
) -> None:
    pages = (where("guide-modal", "change"), "/console/accounts/document/")
    public = ("/guides/modal/", "/guides/", "/how-disputes-end/", "/providers/vast/")

    def counted() -> list[int]:
        kept.forget_all()
        return [queries_of(office, page) for page in pages] + [
            queries_of(client, page) for page in public
        ]

    for name in TEXTS:
        begun(name, TEXTS[name], admin, lead, days=9)
    before = counted()
    for days in range(1, 6):
        for name, text in TEXTS.items():
            begun(name, text.replace("Zanzibar", f"Zanzibar {days}"), admin, lead, days=days)
        begun("guide-vast", "# Nothing.", admin, lead, days=days)
    assert counted() == before


def test_cards_that_were_drawn_take_a_new_name_of_the_provider(
    client: Client, seller: Person
) -> None:
    provider = a_listing(seller=seller).provider
    assert f"<p>{provider.name} ·" in client.get("/listings/").content.decode()
    Provider.objects.filter(pk=provider.pk).update(name="Zanzibar")
    kept.forget_all()
    assert "<p>Zanzibar ·" in client.get("/listings/").content.decode()


def test_it_shows_within_a_minute_in_every_process() -> None:
    """The sweep loads facts; names of providers also stand in frames that are kept themselves."""
    loaded_within = settings.SWEEP_INTERVAL_SECONDS
    assert loaded_within + known.KEPT_SECONDS + frames.KEPT_SECONDS < 60
    assert loaded_within + guide_shelf.KEPT_SECONDS < 60


def test_lines_that_went_and_came() -> None:
    text = "\n".join("abcdefghij")
    assert difference(text, text) == []
    found = difference(text, text.replace("e", "E"))
    assert [(line.kind, line.text) for line in found] == [
        ("left-out", "…"),
        ("same", "c"),
        ("same", "d"),
        ("gone", "e"),
        ("new", "E"),
        ("same", "f"),
        ("same", "g"),
    ]
