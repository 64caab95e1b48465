"""Texts that somebody would slip in: what no file may say, what takes long, what two never saw."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.test import Client

from accounts import editions
from accounts.models import Edition, Person, Proposal
from marketplace.console.invariants import INVARIANTS
from tests.console.test_editions import FACTS, GUIDE, TABLE, TEXTS, propose, published, where
from tests.console.test_editions import documents as documents
from tests.console.test_editions import lead as lead
from tests.console.test_editions import loaded as loaded
from tests.factories import a_person

pytestmark = pytest.mark.usefixtures("documents")
INVARIANT = list(INVARIANTS)[-1]


def without(key: str, text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith(f"{key} ="))


REFUSED = [
    ("provider-vast", FACTS + "\n[", "This is not TOML"),
    ("provider-vast", without("homepage", FACTS), "homepage: is missing"),
    ("provider-vast", FACTS.replace("https://", "https://[", 1), "is not a web address"),
    ("provider-vast", FACTS.replace('policy = "allowed"', 'policy = "forbidden"'), "resale: must"),
    ("provider-vast", FACTS.replace("console.vast.ai/api", "evil.example"), "balance_api: must"),
    ("provider-vast", FACTS + "\n[[token_patterns]]\npattern = '(a+)+b'\n", "token_patterns: must"),
    ("provider-vast", FACTS.replace("$50", "\\u0000"), "a character that cannot be seen"),
    ("guide-modal", GUIDE + "\n[[sources]]\nid = 'x'\nname = 'x'\n", "url: is missing"),
    ("guide-modal", GUIDE.replace('provider = "modal"', 'provider = "vast"'), "provider: must be"),
    ("guide-modal", GUIDE.replace("checked_on = 2026", "checked_on = 2126", 1), "still to come"),
    ("decisions", TABLE.replace('"not_measured"', '"arrived"'), "rules: say nothing"),
    ("decisions", TABLE + '\n[[rules]]\nreason = "any"\nrecord = "arrived"\nunanswered = "refund"\n'
     'undecided = "refund"\nwhy = "Late."\n', "never counts"),
    ("decisions", TABLE.replace('"refund"', '"claim"', 1), "is only for codes_reported"),
    ("decisions", TABLE.replace("[record]", '[record]\nmood = "Good"', 1), "mood"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "words"), REFUSED)
def test_what_a_file_may_not_say_an_edition_may_not_either(
    office: Client, name: str, text: str, words: str
) -> None:
    assert text != TEXTS[name]
    for what in ("looks", "edition"):
        answer = office.post(where(name, what), {"text": text, "reason": "Try."})
        assert answer.status_code == 400
        assert words in answer.content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * (editions.MOST_CHARACTERS + 1), "at most 100000 characters"),
        ("#\n" * editions.MOST_LINES, "lines"),
        ("a" + ".a" * editions.LONGEST_LINE, "Line 1 has more than"),
        ("a = " + "[\n" * 2500, "brackets"),
        ("a = " + "1" * 1990, "is missing"),
        ("\n".join(f"k{n}" + ".a" * 950 for n in range(50)), "Line 1 has more than 100 dots"),
    ],
)
def test_a_text_that_takes_long_to_read_is_refused_at_once(
    office: Client, text: str, words: str
) -> None:
    begin = datetime.now(UTC)
    answer = office.post(where("guide-vast"), {"text": text, "reason": "A bomb."})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert datetime.now(UTC) - begin < timedelta(seconds=3)


@pytest.mark.usefixtures("loaded")
def test_a_script_in_a_guide_is_words(office: Client, lead: Person, client: Client) -> None:
    script = "</script><script>alert(1)</script><img src=x>"
    published(office, lead, "guide-modal", GUIDE.replace("What the Starter plan", f"{script} What"))
    pages = [client.get("/guides/modal/"), office.get(where("guide-modal", "change"))]
    pages.append(office.post(where("guide-modal", "looks"), {"text": Edition.objects.get().text}))
    for page in pages:
        assert "<script>alert" not in page.content.decode()
        assert "<img src=x" not in page.content.decode()
        assert "alert(1)" in page.content.decode()


def test_no_edition_begins_in_the_past_or_changes(
    office: Client, admin: Person, lead: Person
) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    answer = propose(office, "decisions", TABLE, begins_on=yesterday)
    assert "That day has passed" in answer.content.decode()
    row = {"document_id": "decisions", "text": TABLE, "digest": "", "reason": "", "by": admin}
    past = datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(IntegrityError, match="in_the_past"), transaction.atomic():
        Edition.objects.create(**row, agreed_by=lead, begins_at=past)
    with pytest.raises(IntegrityError, match="takes_two"), transaction.atomic():
        Edition.objects.create(**row, agreed_by=admin, begins_at=Now())
    published(office, lead, "decisions", TABLE)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        Edition.objects.update(text="")


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE accounts_edition SET text = text || ' '",
        "UPDATE accounts_edition SET text = 'x', digest = encode(sha256('x'), 'hex')",
        "UPDATE accounts_edition SET agreed_by_id = (SELECT max(id) FROM accounts_person)",
        "UPDATE accounts_proposal SET state = 'refused'",
    ],
)
def test_the_audit_finds_an_edition_that_nobody_agreed_to(
    office: Client, admin: Person, lead: Person, tampering: str
) -> None:
    published(office, lead, "decisions", TABLE)
    a_person()
    with connection.cursor() as cursor:
        cursor.execute(INVARIANTS[INVARIANT])
        assert cursor.fetchall() == []
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(tampering)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute(INVARIANTS[INVARIANT])
        assert len(cursor.fetchall()) == 1
