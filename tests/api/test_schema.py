"""The description of the API: valid, complete, and readable under the site's own policy."""

import io
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.urls import URLPattern
from playwright.sync_api import Page, expect

from marketplace.api.urls import urlpatterns
from tests.api.calling import Caller

CONTRACT = {
    "tokens/": {"post"},
    "me/": {"get"},
    "providers/": {"get"},
    "providers/{slug}/": {"get"},
    "listings/": {"get", "post"},
    "listings/{listing_id}/": {"get", "patch"},
    "listings/{listing_id}/consent/": {"post"},
    "listings/{listing_id}/submission/": {"post"},
    "listings/{listing_id}/pause/": {"post"},
    "listings/{listing_id}/resumption/": {"post"},
    "listings/{listing_id}/withdrawal/": {"post"},
    "listings/{listing_id}/questions/": {"get", "post"},
    "listings/{listing_id}/questions/{question_id}/answer/": {"post"},
    "baskets/": {"post"},
    "baskets/{basket_id}/": {"get"},
    "baskets/{basket_id}/cancellation/": {"post"},
    "orders/": {"get", "post"},
    "orders/{order_id}/": {"get", "patch"},
    "orders/{order_id}/cancellation/": {"post"},
    "orders/{order_id}/transfer/": {"post"},
    "orders/{order_id}/readings/": {"post"},
    "orders/{order_id}/acceptance/": {"post"},
    "orders/{order_id}/report/": {"get"},
    "orders/{order_id}/reveal/": {"post"},
    "orders/{order_id}/confirmation/": {"post"},
    "orders/{order_id}/codes/reports/": {"post"},
    "orders/{order_id}/evidence/": {"get", "post"},
    "orders/{order_id}/evidence/{evidence_id}/": {"get"},
    "orders/{order_id}/messages/": {"get", "post"},
    "orders/{order_id}/ratings/": {"get", "post"},
    "orders/{order_id}/dispute/": {"get", "post"},
    "orders/{order_id}/dispute/answer/": {"post"},
    "orders/{order_id}/dispute/escalation/": {"post"},
    "orders/{order_id}/dispute/concession/": {"post"},
    "orders/{order_id}/dispute/proposals/": {"post"},
    "orders/{order_id}/dispute/proposals/{proposal_id}/acceptance/": {"post"},
    "orders/{order_id}/dispute/proposals/{proposal_id}/refusal/": {"post"},
    "orders/{order_id}/dispute/appeal/": {"post"},
    "orders/{order_id}/dispute/acceptance/": {"post"},
    "schema/": {"get"},
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    found: dict[str, Any] = yaml.safe_load(out.getvalue())
    return found


def test_every_call_is_described(schema: dict[str, Any]) -> None:
    paths = {path.removeprefix("/api/v1/"): set(item) for path, item in schema["paths"].items()}
    assert paths == CONTRACT
    assert len([route for route in urlpatterns if isinstance(route, URLPattern)]) == len(paths) + 1


def test_every_call_has_words_and_says_how_it_refuses(schema: dict[str, Any]) -> None:
    for path, item in schema["paths"].items():
        for method, call in item.items():
            assert call["description"], path
            assert "default" in call["responses"], (method, path)
            assert any(code.startswith("2") for code in call["responses"])


def test_what_is_public_is_public_and_nothing_else(schema: dict[str, Any]) -> None:
    public = {
        (method, path.removeprefix("/api/v1/"))
        for path, item in schema["paths"].items()
        for method, call in item.items()
        if {} in call.get("security", [{}])
    }
    assert public == {
        ("post", "tokens/"),
        ("get", "providers/"),
        ("get", "providers/{slug}/"),
        ("get", "listings/"),
        ("get", "listings/{listing_id}/"),
        ("get", "listings/{listing_id}/questions/"),
        ("get", "schema/"),
    }


@pytest.mark.django_db
def test_it_is_served_to_anybody(anybody: Caller) -> None:
    answer = anybody.get("schema/")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content)["openapi"].startswith("3.")
    assert anybody.get("schema/", format="json").json()["info"]["title"] == "Surplus"


@pytest.mark.django_db(transaction=True)
def test_the_docs_can_be_read_in_a_browser(live_server: Any, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{live_server.url}/api/v1/docs/")
    expect(page.locator(".opblock")).to_have_count(sum(map(len, CONTRACT.values())))
    page.locator(".opblock-summary", has_text="/api/v1/tokens/").click()
    expect(page.get_by_text("Make a token that carries the scopes")).to_be_visible()
    assert complaints == []
