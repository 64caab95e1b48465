"""Who may enter, and that nothing but an act with a reason ever changes a row."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin as admin_module
from django.test import Client
from django.urls import URLPattern, URLResolver

from accounts import roles
from accounts.console import ConsoleAdmin
from accounts.models import Person
from tests.console import scenery
from tests.console.conftest import signed_in

METHODS = ("get", "post", "put", "delete")
OURS = ("accounts", "payments", "providers", "listings", "orders")
SITE = ("", "jsi18n/", "search/", "accounts/", "payments/", "providers/", "listings/", "orders/")
# What the admin has elsewhere, and the console does not have.
ABSENT = ("add/", "{pk}/delete/", "{pk}/history/", "{pk}/")


def pages() -> Iterator[tuple[ConsoleAdmin, str, Any]]:
    """Every kind of row: its admin, where its list is, and a row if there is one."""
    for model, known in admin_module.site._registry.items():
        assert isinstance(known, ConsoleAdmin), f"{model} is not read-only"
        where = f"/console/{model._meta.app_label}/{model._meta.model_name}/"
        yield known, where, model._default_manager.order_by("pk").last()


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of all our tables."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for app in OURS
        for model in apps.get_app_config(app).get_models()
    }


@pytest.fixture
def scene(buyer: Person, seller: Person) -> None:
    scenery.all_of_it(buyer, seller)


def act_addresses() -> Iterator[tuple[str, str]]:
    """Where each act of a row is, and what the table of roles calls it."""
    for known, where, row in pages():
        for act in known.acts:
            yield f"{where}{row.pk if row else 1}/{act.name}/", known.action(act)


def test_every_address_is_walked(db: None) -> None:
    """So that none is added beside these tests."""
    known = {"index", "login", "logout", "jsi18n", "search", "app_list", None}
    known |= {"overview", "operations"}
    known |= {f"queue-{what}" for what in ("count", "claim", "release", "next")}
    for model_admin, *_ in pages():
        names = {
            "changelist",
            "change",
            "consent",
            "export",
            *(act.name for act in model_admin.acts),
        }
        # What the parties wrote: tests/orders/test_messages.py walks it.
        names |= {"private", "picture"}
        # A text that is looked at: tests/console/test_editions.py.
        names |= {"preview", "looks"}
        # The one answer with a code: tests/console/test_code_opening.py.
        names |= {"reading"}
        known |= {model_admin.url_name(name) for name in names}
    found: set[str | None] = set()
    waiting: list[URLPattern | URLResolver] = list(admin_module.site.get_urls())
    for pattern in waiting:
        if isinstance(pattern, URLResolver):
            waiting += pattern.url_patterns
        else:
            found.add(pattern.name)
    assert found <= known


@pytest.mark.parametrize("role", ["anonymous", "seller"])
def test_others_get_the_sign_in_page_and_change_nothing(
    scene: None, seller: Person, role: str
) -> None:
    client = signed_in(seller) if role == "seller" else Client()
    addresses = [f"/console/{path}" for path in SITE]
    for _, where, row in pages():
        addresses += [where, f"{where}{row.pk if row else 1}/change/"]
        addresses += [where + path.format(pk=row.pk if row else 1) for path in ABSENT]
    addresses += [address for address, _ in act_addresses()]
    before = everything()
    for address in addresses:
        for method in METHODS:
            answer = getattr(client, method)(address, {"reason": "Let me."})
            assert answer.status_code == 302, (method, address)
            assert answer.headers["Location"].startswith("/console/login/"), (method, address)
    assert everything() == before


@pytest.mark.parametrize("role", ["moderator", "admin"])
def test_case_60_staff_read_everything_and_change_nothing_by_it(
    scene: None, desk: Client, office: Client, role: str
) -> None:
    client = desk if role == "moderator" else office
    before = everything()
    for path in SITE:
        assert client.get(f"/console/{path}").status_code == 200, path
    for _, where, row in pages():
        assert client.get(where).status_code == 200, where
        assert client.get(where, {"q": "nothing like it"}).status_code == 200, where
        pk = row.pk if row else 1
        page = f"{where}{pk}/change/"
        assert client.get(page).status_code == (200 if row else 404), page
        for method in ("post", "put", "delete"):
            forged = {"email": "x@example.com", "is_superuser": "on", "status": "live"}
            forged |= {"_save": "Save", "action": "delete_selected", "_selected_action": pk}
            assert getattr(client, method)(where, forged).status_code == 405, where
            assert getattr(client, method)(page, forged).status_code == 405, page
        for path in ABSENT:
            assert client.post(where + path.format(pk=pk), forged).status_code == 404, path
    assert everything() == before


@pytest.mark.parametrize("role", ["moderator", "admin"])
def test_an_act_needs_a_post_and_a_reason(
    scene: None, desk: Client, office: Client, role: str
) -> None:
    client = desk if role == "moderator" else office
    before = everything()
    for address, action in act_addresses():
        for method in ("get", "put", "delete"):
            assert getattr(client, method)(address).status_code == 405, (method, address)
        there = not any(part in address for part in ("orders/", "payments/escrow/"))
        allowed = role in roles.table().acts[action].may
        expected = 403 if not allowed else 400 if there else 404
        assert client.post(address, {}).status_code == expected, address
    assert everything() == before


def test_acts_need_the_token_of_their_form(scene: None, moderator: Person) -> None:
    careful = signed_in(moderator, enforce_csrf_checks=True)
    before = everything()
    for address, _ in act_addresses():
        assert careful.post(address, {"reason": "From elsewhere."}).status_code == 403
    assert everything() == before


def test_entering_is_the_sites_own_sign_in(client: Client, db: None) -> None:
    answer = client.get("/console/", follow=True)
    assert [to for to, _ in answer.redirect_chain] == [
        "/console/login/?next=/console/",
        "/accounts/login/?next=%2Fconsole%2F",
    ]
    posted = client.post("/console/login/", {"username": "a@example.com", "password": "x"})
    assert posted.status_code == 302
    assert posted.headers["Location"].startswith("/accounts/login/")


def test_signed_in_and_not_staff_is_forbidden(buyer: Person) -> None:
    assert signed_in(buyer).get("/console/", follow=True).status_code == 403


def test_a_suspended_moderator_is_out(desk: Client, moderator: Person) -> None:
    Person.objects.filter(pk=moderator.pk).update(is_active=False)
    assert desk.get("/console/").status_code == 302


def test_signing_out(desk: Client) -> None:
    assert desk.get("/console/logout/").status_code == 302
    assert desk.get("/console/").status_code == 200
    desk.post("/console/logout/")
    assert desk.get("/console/").status_code == 302


def test_the_policy_is_relaxed_for_the_console_only(desk: Client) -> None:
    def directives(path: str) -> dict[str, str]:
        policy = desk.get(path).headers["Content-Security-Policy"]
        return dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())

    inside, outside = directives("/console/"), directives("/")
    assert "'unsafe-eval'" in inside["script-src"]
    assert "'unsafe-inline'" not in inside["script-src"]
    assert inside["frame-ancestors"] == "'none'"
    for name in ("script-src", "style-src", "font-src", "connect-src"):
        assert "http" not in inside[name]
        assert "unsafe" not in outside[name]
    assert set(inside) == set(outside)


def test_a_label_says_where_this_is_not_the_real_thing(desk: Client, settings: Any) -> None:
    assert "Development" not in desk.get("/console/").content.decode()
    settings.DEBUG = True
    assert "Development" in desk.get("/console/").content.decode()
