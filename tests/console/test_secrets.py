"""No page of the console shows a code, or what a code, a password or a token is kept as."""

import pytest

from accounts.models import ApiToken, AuditEntry, Person
from listings.models import Code, Consent
from tests.console import scenery
from tests.console.conftest import signed_in
from tests.console.test_access import pages
from tests.orders.stages import an_order
from tests.sandbox_process import SandboxProcess
from tests.trade import an_offer


@pytest.fixture(autouse=True)
def _audited(books: None) -> None:
    pass


def test_secrets_stay_secret(sandbox: SandboxProcess, buyer: Person, admin: Person) -> None:
    codes = ["CANARY-CCCC-1111", "CANARY-DDDD-2222"]
    an_order(buyer=buyer, listing=an_offer(codes=codes), stage="disputed")
    scenery.in_review()
    client = signed_in(admin)
    secrets = {"CANARY", *Person.objects.values_list("password", flat=True)}
    secrets |= set(ApiToken.objects.values_list("digest", flat=True))
    secrets |= set(Consent.objects.values_list("digest", flat=True))
    for code in Code.objects.all():
        secrets |= {code.fingerprint, bytes(code.ciphertext).decode()}
    assert len(secrets) > 5
    addresses = ["/console/"]
    for known, where, _ in pages():
        addresses += [where, f"{where}?q=CANAR", f"{where}?q=buyer"]
        addresses += [known.address(row) for row in known.model._default_manager.all()]
    for address in addresses:
        text = client.get(address).content.decode().replace("q=CANAR", "")
        assert not {secret for secret in secrets if secret in text}, address
    assert not AuditEntry.objects.filter(reason__contains="CANARY").exists()
