"""What the parties see of a measuring, and what programs get."""

import io
import json

from django.test import Client
from pypdf import PdfReader

from accounts.models import Person
from orders.verification import report
from tests.factories import PASSWORD, a_person
from tests.sandbox_process import SandboxProcess
from tests.verification.measured import Measured


def browser(person: Person) -> Client:
    """Somebody's browser, signed in."""
    found = Client()
    assert found.login(email=person.email, password=PASSWORD)
    return found


def page(one: Measured, person: Person) -> str:
    return browser(person).get(one.order.get_absolute_url()).content.decode()


def test_each_side_is_told_what_to_do_at_every_state(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox, "openrouter")
    seller = one.order.seller
    assert "Lend a key that may only read your balance" in page(one, one.buyer)
    assert "Lend a key" not in page(one, seller)
    one.holds(granted=20)
    browser(one.buyer).post(f"/orders/{one.order.pk}/readings/", {"key": one.key})
    assert "Wait with the sending" in page(one, seller)
    one.tick(2)
    assert "All is ready." in page(one, seller)
    assert "Whatever arrives from now on is measured" in page(one, one.buyer)
    one.holds(granted=45)
    one.send()
    assert "The balance is being read again." in page(one, one.buyer)
    one.wait().tick(4)
    told = page(one, one.buyer)
    assert "Settle for the part" in told
    assert "Revoke it at Openrouter too" in told
    assert "a dispute is opened and a moderator decides" in told
    assert "Settle for the part" not in page(one, seller)
    for person in (one.buyer, seller):
        answer = browser(person).post(f"/orders/{one.order.pk}/acceptance/")
        assert answer.status_code == 302
        assert "Settle for the part" not in page(one, one.buyer)
    assert "Payment split" in page(one, seller)


def test_the_report_is_for_the_two_parties(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    assert browser(one.buyer).get(f"/orders/{one.order.pk}/report/").status_code == 404
    one.baseline(remaining=5)
    for person, status in ((one.buyer, 200), (one.order.seller, 200), (a_person(), 404)):
        order = f"orders/{one.order.pk}/report"
        for path in (f"/{order}/", f"/{order}.pdf", f"/api/v1/{order}/"):
            assert browser(person).get(path).status_code == status, path


def test_the_report_to_print_carries_the_signed_document(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox).baseline(remaining=5)
    one.holds(remaining=55)
    one.send().tick(2)
    content = browser(one.buyer).get(f"/orders/{one.order.pk}/report.pdf").content
    pdf = PdfReader(io.BytesIO(content))
    text = " ".join(page.extract_text() for page in pdf.pages)
    for words in ("Verification report", "Verified", "50.00 USD", "55.0", "Public key"):
        assert words in text, words
    assert one.buyer.email not in text
    (document,) = (json.loads(one) for one in pdf.attachments["verification.json"])
    assert report.is_ours(document)
    assert document["signature"]["value"][:20] in text.replace("\n", "")
    document["report"]["verdict"] = "refuted"
    assert not report.is_ours(document)


def test_by_rest_the_course_is_as_the_contract_says(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    one.holds(remaining=0)
    path = f"/api/v1/orders/{one.order.pk}/"
    client = browser(one.buyer)

    def post(step: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
        sent = client.post(path + step, json.dumps(body), content_type="application/json")
        return sent.status_code, sent.json()

    assert post("readings/", {})[0] == 400
    assert post("readings/", {"key": "a b"})[1]["errors"]
    assert post("readings/", {"key": one.key})[0] == 202

    def now() -> tuple[object, ...]:
        found = client.get(path).json()["transfer"]["verification"]
        return found["rung"], found["state"], found["verdict"], found["measured_cents"]

    assert now() == ("api_balance", "waiting", None, None)
    one.tick(2)
    assert now() == ("api_balance", "baseline_ready", None, None)
    one.holds(remaining=50)
    one.send()
    assert now() == ("api_balance", "measuring", None, None)
    one.tick(2)
    assert now() == ("api_balance", "done", "verified", 50_00)
    assert post("readings/", {"key": one.key})[1]["code"] == "wrong_state"
    assert post("acceptance/", {})[1]["code"] == "wrong_state"
    report = client.get(path).json()["transfer"]["verification"]["report_url"]
    assert report.endswith(f"/orders/{one.order.pk}/report/")


def test_another_person_finds_nothing_to_lend_to(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    stranger = browser(a_person())
    for path in ("readings/", "acceptance/"):
        assert stranger.post(f"/orders/{one.order.pk}/{path}", {"key": "k"}).status_code == 404
        assert stranger.post(f"/api/v1/orders/{one.order.pk}/{path}").status_code == 404


def test_an_offers_page_says_how_strong_the_proof_will_be(sandbox: SandboxProcess) -> None:
    for slug, words in (
        ("vast", "a rise proves the arrival"),
        ("openrouter", "the strongest proof there is"),
    ):
        one = Measured(sandbox, slug)
        listing = one.order.listing.get_absolute_url()
        assert words in Client().get(listing).content.decode()
        key = Client().get(f"/providers/{slug}/key/").content.decode()
        assert "What we do with it" in key
    assert Client().get("/providers/acme/key/").status_code == 404
