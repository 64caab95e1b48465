"""Cursors that we did not make are refused by name, and never reach the database."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.calling import Caller, wrong
from tests.factories import a_listing

pytestmark = pytest.mark.django_db
FIXTURES_ARE_SHARED = [HealthCheck.function_scoped_fixture]
CHEAP = "price_cents"


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "ü",
        "\0",
        encoded([]),
        encoded("text"),
        encoded([CHEAP, False, 5, "no id"]),
        encoded([CHEAP, False, "soon", "00000000-0000-4000-8000-000000000000"]),
        encoded([CHEAP, False, 2**63, "00000000-0000-4000-8000-000000000000"]),
        encoded([CHEAP, False, 1e400, "00000000-0000-4000-8000-000000000000"]),
        encoded([CHEAP, False, "\0", "00000000-0000-4000-8000-000000000000"]),
        encoded([CHEAP, False, {"a": 1}, "00000000-0000-4000-8000-000000000000"]),
        encoded([CHEAP, "yes", 5, "00000000-0000-4000-8000-000000000000"]),
        encoded(["-created_at", False, "2026-01-01", "00000000-0000-4000-8000-000000000000"]),
    ],
)
def test_foreign_cursors(anybody: Caller, cursor: str) -> None:
    assert wrong(anybody.get("listings/", ordering="price", cursor=cursor)) == {"cursor"}
    assert anybody.get("listings/").status_code == 200  # the test's transaction goes on


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=FIXTURES_ARE_SHARED)
@given(
    ordering=st.sampled_from(["price", "newest", "expires", "-discount"]),
    backwards=st.booleans(),
    value=JSON,
    key=st.uuids().map(str) | JSON,
)
def test_any_cursor_is_a_page_or_a_refusal(
    anybody: Caller, ordering: str, backwards: bool, value: Any, key: Any
) -> None:
    columns = {"price": CHEAP, "newest": "-created_at", "expires": "expires_on"}
    cursor = encoded([columns.get(ordering, "-discount_bp"), backwards, value, key])
    answer = anybody.get("listings/", ordering=ordering, cursor=cursor)
    if answer.status_code != 200:
        assert wrong(answer) == {"cursor"}


def test_a_cursor_of_another_order(anybody: Caller) -> None:
    for _ in range(3):
        a_listing()
    cursor = anybody.get("listings/", limit=1, ordering="price").json()["next"].split("cursor=")[1]
    cursor = cursor.split("&")[0]
    assert wrong(anybody.get("listings/", ordering="newest", cursor=cursor)) == {"cursor"}
