"""One person, several accounts: evidence, cases, decisions, merging; nobody trades alone."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import factors, one_person, tokens
from accounts.models import AuditEntry, Likeness, Person
from accounts.refusals import NotAllowed, Refusal, WrongState
from orders import checkout, merging
from orders.models import Order
from orders.refusals import OwnListing
from payments import fingerprints
from payments.models import Fingerprint
from tests.console.conftest import signed_in
from tests.factories import PASSWORD, a_listing, a_person

PATH = "/account/merging/"


def case_of(one: Person, other: Person, evidence: str = "card") -> Likeness:
    one_person.raise_case(one.pk, other.pk, evidence=evidence)
    first, second = one_person.pair(one.pk, other.pk)
    return Likeness.objects.get(first=first, second=second)


def decided(case: Likeness, moderator: Person, decision: str = Likeness.SAME) -> None:
    one_person.decide(case, actor=moderator, decision=decision, reason="The same handwriting.")


def buy(buyer: Person, seller: Person) -> Order:
    listing = a_listing(seller=seller)
    with transaction.atomic():
        return checkout.reserve(buyer=buyer, listing=listing, face_value_cents=50_00)


def test_a_shared_card_raises_one_case(buyer: Person, buyer2: Person, seller: Person) -> None:
    fingerprints.note(buyer.pk, kind="card", reported="fp_1")
    fingerprints.note(buyer.pk, kind="card", reported="fp_1")
    fingerprints.note(seller.pk, kind="card", reported="fp_2")
    # The same letters of another kind are something else.
    fingerprints.note(seller.pk, kind="bank", reported="fp_1")
    fingerprints.note(seller.pk, kind="bank", reported="")
    assert not Likeness.objects.exists()
    for _ in range(2):
        fingerprints.note(buyer2.pk, kind="card", reported="fp_1")
    case = Likeness.objects.get()
    assert (case.first, case.second, case.evidence) == (buyer, buyer2, ["card"])
    assert not Fingerprint.objects.filter(mark__contains="fp_").exists()
    one_person.raise_case(buyer2.pk, buyer.pk, evidence="bank")
    case.refresh_from_db()
    assert case.evidence == ["card", "bank"]


def test_a_pair_is_one_row_in_the_database(buyer: Person, buyer2: Person) -> None:
    case_of(buyer2, buyer)
    for pair in ({"first": buyer2, "second": buyer}, {"first": buyer, "second": buyer2}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Likeness.objects.create(**pair)


def test_an_open_case_forbids_nothing_and_a_decided_one_does(
    buyer: Person, seller: Person, moderator: Person
) -> None:
    case = case_of(buyer, seller)
    assert buy(buyer, seller)
    decided(case, moderator)
    before = Order.objects.count()
    with pytest.raises(OwnListing) as refused:
        buy(buyer, seller)
    assert (refused.value.code, refused.value.status) == ("own_listing", 403)
    assert Order.objects.count() == before
    acts = AuditEntry.objects.filter(act="called_same_person").values_list("subject", flat=True)
    assert {f"person:{buyer.pk}", f"person:{seller.pk}"} < set(acts)


def test_who_is_the_same_as_the_same_is_the_same(
    buyer: Person, buyer2: Person, seller: Person, moderator: Person
) -> None:
    decided(case_of(buyer, buyer2), moderator)
    decided(case_of(buyer2, seller), moderator)
    assert one_person.same_as(seller.pk) == {buyer.pk, buyer2.pk, seller.pk}
    assert one_person.same_as(moderator.pk) == {moderator.pk}
    with pytest.raises(OwnListing):
        buy(buyer, seller)


def test_two_people_stay_two_until_there_is_new_evidence(
    buyer: Person, seller: Person, moderator: Person
) -> None:
    case = case_of(buyer, seller)
    decided(case, moderator, Likeness.DIFFERENT)
    assert buy(buyer, seller)
    assert case_of(buyer, seller).decision == Likeness.DIFFERENT
    assert case_of(buyer, seller, "bank").decision == ""
    decided(case, moderator, Likeness.SAME)
    assert case_of(buyer, seller, "device").decision == Likeness.SAME


def test_a_case_is_decided_once_and_by_nobody_who_is_in_it(
    buyer: Person, moderator: Person
) -> None:
    own = case_of(buyer, moderator)
    with pytest.raises(NotAllowed):
        decided(own, moderator)
    with pytest.raises(NotAllowed):
        decided(own, buyer)
    judge = a_person(is_staff=True)
    decided(own, judge, Likeness.DIFFERENT)
    with pytest.raises(WrongState):
        decided(own, judge)
    own.refresh_from_db()
    assert own.decision == Likeness.DIFFERENT


def test_a_moderator_sees_both_side_by_side(
    buyer: Person, seller: Person, moderator: Person
) -> None:
    case = case_of(buyer, seller)
    desk = signed_in(moderator)
    assert "They paid with the same card." in desk.get("/console/").content.decode()
    where = f"/console/accounts/likeness/{case.pk}/"
    page = desk.get(f"{where}change/").content.decode()
    assert page.index(buyer.email) < page.index(seller.email)
    desk.post(f"{where}same/", {"reason": "Same card, same desk."})
    case.refresh_from_db()
    assert (case.decision, case.decided_by) == (Likeness.SAME, moderator)


def test_one_passkey_for_two_people_raises_a_case(
    buyer: Person, seller: Person, buyer2: Person
) -> None:
    for person, key in ((seller, "a-key"), (buyer, "a-key"), (buyer2, "another")):
        data = {"name": "Phone", "credential": {"id": key}}
        Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=data)
    factors.compare_passkey(buyer2, "another")
    assert not Likeness.objects.exists()
    factors.compare_passkey(buyer, "a-key")
    case = Likeness.objects.get()
    assert {case.first_id, case.second_id} == {buyer.pk, seller.pk}
    assert case.evidence == ["passkey"]


@pytest.fixture
def second(buyer: Person) -> Person:
    """The buyer's other account, which GitHub opens."""
    person = a_person("second@example.com", name="Bea too")
    SocialAccount.objects.create(user=person, provider="github", uid="4711")
    return person


@pytest.fixture
def mine(buyer: Person, db: None) -> Client:
    cache.clear()  # or other tests' tries would count
    client = Client()
    client.post("/accounts/login/", {"login": buyer.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def test_merging_after_proving_both(mine: Client, buyer: Person, second: Person) -> None:
    token = tokens.create(person=second, name="old")
    fingerprints.note(second.pk, kind="card", reported="fp_9")
    answer = mine.post(PATH, {"email": second.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert SocialAccount.objects.get(uid="4711").user == buyer
    second.refresh_from_db()
    assert not second.is_active
    assert one_person.are_same(buyer.pk, second.pk)
    assert Fingerprint.objects.filter(person=buyer).exists()
    call = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"})
    assert call.status_code == 401
    answer = Client().post("/accounts/login/", {"login": second.email, "password": PASSWORD})
    assert "_auth_user_id" not in answer.client.session
    assert AuditEntry.objects.filter(act="people_merged").count() == 2


def wrong_password(buyer: Person, second: Person) -> dict[str, str]:
    return {"email": second.email, "password": "not-it"}


def unknown_address(buyer: Person, second: Person) -> dict[str, str]:
    return {"email": "nobody@example.com", "password": PASSWORD}


def suspended(buyer: Person, second: Person) -> dict[str, str]:
    Person.objects.filter(pk=second.pk).update(is_active=False)
    return {"email": second.email, "password": PASSWORD}


def oneself(buyer: Person, second: Person) -> dict[str, str]:
    return {"email": buyer.email, "password": PASSWORD}


def works_here(buyer: Person, second: Person) -> dict[str, str]:
    Person.objects.filter(pk=second.pk).update(is_staff=True)
    return {"email": second.email, "password": PASSWORD}


def traded(buyer: Person, second: Person) -> dict[str, str]:
    from payments.models import PayoutAccount

    PayoutAccount.objects.create(person=second, remote_id="acct_second", ready=True)
    order = buy(buyer, second)
    Order.objects.filter(pk=order.pk).update(status="cancelled", deadline=None)
    return {"email": second.email, "password": PASSWORD}


def something_open(buyer: Person, second: Person) -> dict[str, str]:
    buy(second, a_listing().seller)
    return {"email": second.email, "password": PASSWORD}


CASES = [wrong_password, unknown_address, suspended, oneself, works_here, traded, something_open]


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_merged_stays_as_it_is(
    case: Callable[[Person, Person], dict[str, str]], mine: Client, buyer: Person, second: Person
) -> None:
    given = case(buyer, second)
    before = list(Person.objects.order_by("pk").values())
    answer = mine.post(PATH, given)
    assert answer.status_code == 400
    assert list(Person.objects.order_by("pk").values()) == before
    assert SocialAccount.objects.get(uid="4711").user == second
    assert not Likeness.objects.exists()


def test_known_and_unknown_addresses_are_answered_alike(
    mine: Client, buyer: Person, second: Person
) -> None:
    said = {
        case.__name__: mine.post(PATH, case(buyer, second)).context["form"].non_field_errors()
        for case in (wrong_password, unknown_address, suspended)
    }
    assert said["wrong_password"] == said["unknown_address"] == said["suspended"]


def test_merging_asks_who_this_is_first(mine: Client, second: Person) -> None:
    session = mine.session
    session["account_authentication_methods"] = []
    session.save()
    answer = mine.post(PATH, {"email": second.email, "password": PASSWORD})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    second.refresh_from_db()
    assert second.is_active


def test_guessing_is_braked(mine: Client, buyer: Person, second: Person) -> None:
    for _ in range(12):
        mine.post(PATH, wrong_password(buyer, second))
    answer = mine.post(PATH, {"email": second.email, "password": PASSWORD})
    assert "Too many tries" in answer.content.decode()
    second.refresh_from_db()
    assert second.is_active


def test_looking_for_the_same_is_one_question(buyer: Person, seller: Person) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert not one_person.are_same(buyer.pk, seller.pk)
    assert len(queries) == 1


def test_nobody_merges_by_the_domain_either(buyer: Person, second: Person) -> None:
    with pytest.raises(Refusal):
        merging.merge(person=buyer, other=buyer)
    with pytest.raises(Refusal):
        merging.prove(email=second.email, password="")
    assert isinstance(merging.prove(email="SECOND@example.com", password=PASSWORD), Person)


def test_a_second_factor_is_not_passed_over(buyer: Person, second: Person) -> None:
    Authenticator.objects.create(user=second, type=Authenticator.Type.TOTP, data={"secret": "x"})
    with pytest.raises(merging.CannotMerge):
        merging.prove(email=second.email, password=PASSWORD)
