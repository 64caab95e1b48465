"""Questions before buying: asked by whoever could buy, answered once, then read by everybody."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import one_person
from accounts.contacts import MASK
from accounts.models import AuditEntry, Notification, Person
from accounts.refusals import NotAllowed, WrongState
from listings import publishing, questions
from listings.models import Listing, Question, Report
from listings.refusals import NotLive, OwnListing, TooManyQuestions
from listings.report_review import close_alike
from orders import personal_data
from tests.api.calling import Caller, problem
from tests.console.conftest import signed_in as at_desk
from tests.factories import a_listing, a_person

KEY = "sk-ant-api03-" + "A1b2" * 24


@pytest.fixture
def listing(seller: Person) -> Listing:
    return a_listing(seller=seller)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def path(listing: Listing) -> str:
    return f"{listing.get_absolute_url()}questions/"


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_is_asked_answered_and_then_everybody_reads_it(
    listing: Listing, buyer: Person, buyer2: Person
) -> None:
    asker, seller = signed_in(buyer), signed_in(listing.seller)
    everybody = (Client(), signed_in(buyer2), asker, seller)
    asked = asker.post(path(listing), {"text": "Does it cover <b>H100</b>?"}, follow=True)
    assert "Does it cover &lt;b&gt;H100&lt;/b&gt;?" in asked.content.decode()
    for_seller = Notification.objects.get(kind="listing_asked", person=listing.seller)
    assert for_seller.context["url"] == path(listing)
    assert "H100" in read(seller, path(listing))
    for client in everybody[:2]:
        assert "H100" not in read(client, path(listing))
        assert "H100" not in read(client, listing.get_absolute_url())
    question = Question.objects.get()
    assert "Answer 1 question" in read(seller, listing.get_absolute_url())
    seller.post(f"{path(listing)}{question.pk}/answer/", {"text": "Yes, in <i>Europe</i>."})
    for client in everybody:
        for address in (path(listing), listing.get_absolute_url()):
            page = read(client, address)
            assert "H100" in page
            assert "Yes, in &lt;i&gt;Europe&lt;/i&gt;." in page
            # Never who asked, to anybody.
            assert client is asker or buyer.name not in page
    told = Notification.objects.get(kind="question_answered")
    assert (told.person, told.context["text"]) == (buyer, "Yes, in <i>Europe</i>.")


def test_by_program(listing: Listing, buyer: Person, buyer2: Person) -> None:
    call = f"listings/{listing.pk}/questions/"
    asked = Caller(buyer).post(call, {"text": "Until when?"})
    assert (asked.status_code, asked.json()["answer"]) == (201, None)
    one = f"{call}{asked.json()['id']}/answer/"
    assert Caller(buyer2).get(call).json()["results"] == []
    problem(Caller(buyer).post(one, {"text": "Now"}), 404, "not_found")
    problem(Caller(listing.seller).post(one, {"text": KEY}), 400, "invalid")
    problem(Caller(listing.seller, scopes=("read",)).post(one, {"text": "x"}), 403, "scope_missing")
    given = Caller(listing.seller).post(one, {"text": "Until March."})
    assert (given.status_code, given.json()["answer"]) == (200, "Until March.")
    problem(Caller(listing.seller).post(one, {"text": "Or May."}), 409, "wrong_state")
    [seen] = Caller().get(call).json()["results"]
    assert seen == given.json()
    assert set(seen) == {"id", "at", "text", "answer", "answered_at"}
    problem(Caller(listing.seller).post(call, {"text": "And?"}), 403, "own_listing")
    problem(Caller().post(call, {"text": "And?"}), 401, "not_authenticated")


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, KEY, f"Is {KEY} yours?", "a\u202eb"])
def test_what_cannot_be_asked_names_the_field_and_keeps_nothing(
    listing: Listing, buyer: Person, text: str
) -> None:
    answer = signed_in(buyer).post(path(listing), {"text": text})
    assert (answer.status_code, set(answer.context["asking"].errors)) == (400, {"text"})
    found = problem(
        Caller(buyer).post(f"listings/{listing.pk}/questions/", {"text": text}), 400, "invalid"
    )
    assert set(found["errors"]) == {"text"}
    assert not Question.objects.exists()
    assert not Notification.objects.filter(kind="listing_asked").exists()


def test_a_bad_answer_is_refused_at_its_question(listing: Listing, buyer: Person) -> None:
    question = questions.ask(listing, actor=buyer, text="Until when?")
    address = f"{path(listing)}{question.pk}/answer/"
    answer = signed_in(listing.seller).post(address, {"text": KEY})
    assert answer.status_code == 400
    assert "looks like a key" in answer.content.decode()
    question.refresh_from_db()
    assert question.answer == ""


def test_contact_details_are_masked_on_both_sides(listing: Listing, buyer: Person) -> None:
    page = signed_in(buyer).post(path(listing), {"text": "Mail me at b@x.example"}, follow=True)
    assert "Contact details were taken out" in page.content.decode()
    question = questions.answer(Question.objects.get(), actor=listing.seller, text="t.me/sol_sells")
    assert (question.text, question.answer) == (f"Mail me at {MASK}", MASK)
    told = Notification.objects.filter(kind__in=["listing_asked", "question_answered"])
    assert {notice.context["text"] for notice in told} == {question.text, question.answer}


def test_not_on_an_own_offer_nor_on_one_that_cannot_be_bought(
    listing: Listing, buyer: Person, buyer2: Person, moderator: Person
) -> None:
    assert signed_in(listing.seller).post(path(listing), {"text": "Mine?"}).status_code == 403
    one_person.raise_case(buyer.pk, listing.seller_id, evidence="card")
    case = one_person.Likeness.objects.get()
    one_person.decide(case, actor=moderator, decision="same", reason="The same card.")
    with pytest.raises(OwnListing):
        questions.ask(listing, actor=buyer, text="Also mine?")
    publishing.pause(listing, actor=listing.seller)
    listing.refresh_from_db()
    with pytest.raises(NotLive):
        questions.ask(listing, actor=buyer2, text="When again?")
    draft = a_listing(status="draft")
    assert signed_in(buyer2).post(path(draft), {"text": "When?"}).status_code == 404
    assert not Question.objects.exists()


def test_a_stranger_is_sent_to_sign_in(listing: Listing) -> None:
    page = read(Client(), path(listing))
    assert "Sign in to ask" in page
    assert "<textarea" not in page
    answer = Client().post(path(listing), {"text": "Who are you?"})
    assert answer.headers["Location"] == f"/accounts/login/?next={path(listing)}"
    assert not Question.objects.exists()


def test_a_flood_is_stopped_and_twice_the_same_is_once(listing: Listing, buyer: Person) -> None:
    for number in range(questions.MOST_WAITING):
        for _ in range(2):
            questions.ask(listing, actor=buyer, text=f"{number}?")
    assert Question.objects.count() == questions.MOST_WAITING
    with pytest.raises(TooManyQuestions):
        questions.ask(listing, actor=buyer, text="And?")
    other = a_listing()
    Question.objects.bulk_create(
        Question(listing=other, by=buyer, text="?", answer="!", answered_at=Now())
        for _ in range(questions.MOST - questions.MOST_WAITING)
    )
    with pytest.raises(TooManyQuestions):
        questions.ask(other, actor=buyer, text="And?")
    Question.objects.filter(by=buyer).update(at=Now() - questions.WITHIN - timedelta(minutes=1))
    questions.ask(other, actor=buyer, text="And?")


def test_only_the_seller_answers_once_while_it_can_be_read(
    listing: Listing, buyer: Person, buyer2: Person, moderator: Person
) -> None:
    first = questions.ask(listing, actor=buyer, text="Until when?")
    second = questions.ask(listing, actor=buyer, text="From where?")
    for person in (buyer, buyer2, moderator):
        with pytest.raises(NotAllowed):
            questions.answer(first, actor=person, text="Now.")
        answer = signed_in(person).post(f"{path(listing)}{first.pk}/answer/", {"text": "Now."})
        assert answer.status_code == 404
    questions.answer(first, actor=listing.seller, text="March.")
    with pytest.raises(WrongState):
        questions.answer(first, actor=listing.seller, text="May.")
    publishing.withdraw(listing, actor=listing.seller)
    second = Question.objects.get(pk=second.pk)
    with pytest.raises(WrongState):
        questions.answer(second, actor=listing.seller, text="Here.")
    assert list(Question.objects.order_by("pk").values_list("answer", flat=True)) == ["March.", ""]


def test_it_is_reported_and_a_moderator_takes_it_away(
    listing: Listing, buyer: Person, buyer2: Person, moderator: Person
) -> None:
    question = questions.ask(listing, actor=buyer, text="You thief?")
    address = f"{path(listing)}{question.pk}/report/"
    assert Client().get(address).status_code == 404
    questions.answer(question, actor=listing.seller, text="No.")
    assert "You thief?" in read(Client(), address)
    for client in (Client(), signed_in(buyer2)):
        client.post(address, {"reason": "words", "text": "Rude."})
    Report.objects.create(listing=listing, reason="words")
    reported = Report.objects.filter(question=question)
    assert reported.count() == 2
    desk = at_desk(moderator)
    page = read(desk, f"/console/listings/report/{reported[0].pk}/change/")
    assert f"/console/listings/question/{question.pk}/change/" in page
    assert "You thief?" in read(desk, f"/console/listings/question/{question.pk}/change/")
    desk.post(f"/console/listings/question/{question.pk}/removal/", {"reason": "An insult."})
    assert close_alike(reported[0], actor=moderator, reason="Removed.") == 2
    assert Report.objects.filter(closed_at=None).count() == 1
    for client in (Client(), signed_in(buyer), signed_in(listing.seller)):
        assert "You thief?" not in read(client, path(listing))
        assert "You thief?" not in read(client, listing.get_absolute_url())
    assert AuditEntry.objects.get(act="question_removed").reason == "An insult."
    Person.objects.filter(pk=listing.seller_id).update(is_staff=True)
    with pytest.raises(NotAllowed):
        questions.remove(question, actor=Person.objects.get(pk=listing.seller_id), reason="Mine.")


def test_pages_of_many_cost_as_much_as_pages_of_few(listing: Listing, buyer: Person) -> None:
    def asked(client: Client, address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    addresses = (path(listing), listing.get_absolute_url())
    clients = (Client(), signed_in(buyer), signed_in(listing.seller))
    questions.ask(listing, actor=buyer, text="Until when?")
    before = [asked(client, address) for client in clients for address in addresses]
    Question.objects.bulk_create(
        Question(listing=listing, by=a_person(), text=f"{n}?", answer="Yes.", answered_at=Now())
        for n in range(40)
    )
    after = [asked(client, address) for client in clients for address in addresses]
    assert after == before
    assert "cursor=" in read(Client(), path(listing))


def test_who_takes_their_data_along_gets_both_sides(listing: Listing, buyer: Person) -> None:
    questions.ask(listing, actor=buyer, text="zq-asked")
    mine, theirs = (personal_data.PARTS["questions"](p) for p in (buyer, listing.seller))
    assert [row["text"] for row in mine["asked"]] == ["zq-asked"]
    assert [row["text"] for row in theirs["received"]] == ["zq-asked"]
    assert "by" not in theirs["received"][0]
