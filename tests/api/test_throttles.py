"""How often one may call: reading is generous, and whoever is stopped is told for how long."""

import pytest
from django.conf import LazySettings

from accounts.models import Person
from tests.api.calling import Caller, problem

pytestmark = pytest.mark.django_db


def test_too_many_calls_wait(anybody: Caller, buyer: Person, settings: LazySettings) -> None:
    settings.THROTTLE_SCALE = 0.0025  # 3 a minute
    for caller in (anybody, Caller(buyer)):
        assert [caller.get("listings/").status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = caller.get("listings/")
        problem(answer, 429, "throttled")
        assert 0 < int(answer.headers["Retry-After"]) <= 60
    settings.THROTTLE_SCALE = 0
    assert anybody.get("listings/").status_code == 200


def test_reading_is_generous(anybody: Caller) -> None:
    assert {anybody.get("listings/").status_code for _ in range(100)} == {200}
