"""A code is known again whatever its spelling, and whatever key was replaced meanwhile."""

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings

from accounts.refusals import Invalid
from listings.fingerprints import fingerprints, keep
from listings.models import Code, FingerprintKey
from tests.factories import a_listing

pytestmark = pytest.mark.django_db
SPELLINGS = [
    "abcd 1234 efgh",
    "ABCD1234EFGH",
    "AbCd–1234–eFgH",
    "ａｂｃｄ-1234-efgh",
    "abcd-1234-efgh ",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_code_is_offered_once_in_any_spelling(spelling: str) -> None:
    a_listing(codes=["ABCD-1234-EFGH"])
    with pytest.raises(Invalid, match="in an offer already"):
        a_listing(codes=[spelling])
    assert Code.objects.count() == 1


def test_replacing_keys_reopens_no_code(settings: LazySettings) -> None:
    a_listing(codes=["ABCD-1234-EFGH"])
    settings.SECRET_KEY = "quite another secret than before"
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    with pytest.raises(Invalid, match="in an offer already"):
        a_listing(codes=["abcd1234efgh"])


def test_there_is_one_key_and_a_second_does_not_replace_it() -> None:
    (mark,) = fingerprints(["a code"])
    keep(b"another key that came too late!!")
    assert FingerprintKey.objects.count() == 1
    assert fingerprints(["a code"]) == [mark]
    assert fingerprints(["another code"]) != [mark]
