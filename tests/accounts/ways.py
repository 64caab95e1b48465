"""Ways through the sign-in pages, as a browser takes them."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from tests.factories import PASSWORD

NEW = "Leaves-in-autumn-9"


def sign_up(email: str, client: Client | None = None, password: str = NEW) -> Client:
    client = client or Client()
    given = {"email": email, "password1": password, "password2": password}
    assert client.post("/accounts/signup/", given).status_code == 302
    return client


def sign_in(email: str, password: str = PASSWORD, client: Client | None = None) -> Client:
    client = client or Client()
    client.post("/accounts/login/", {"login": email, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def link(pattern: str, mails: list[Any] | None = None) -> str:
    """The newest link of that form in the outbox."""
    bodies = [one.body for one in (mail.outbox if mails is None else mails)]
    found = re.findall(rf"/accounts/{pattern}/[^\s]+", "\n".join(bodies))
    return str(found[-1])


def confirm(client: Client) -> HttpResponse:
    """Open the newest link that confirms an address, and press its button."""
    where = link("confirm-email")
    assert client.get(where).status_code == 200
    return client.post(where)


def reset(client: Client, email: str, password: str = NEW) -> HttpResponse:
    """Ask for a reset by mail, follow its link, and choose a password."""
    client.post("/accounts/password/reset/", {"email": email})
    return choose(client, link("password/reset/key"), password)


def choose(client: Client, where: str, password: str = NEW) -> HttpResponse:
    page = client.get(where, follow=True)
    given = {"password1": password, "password2": password}
    return client.post(page.request["PATH_INFO"], given)


def start(client: Client, company: str, *, process: str = "") -> dict[str, str]:
    """Leave for the company; what its page is called with."""
    where = f"/accounts/{company}/login/" + (f"?process={process}" if process else "")
    answer = client.post(where)
    url = urlsplit(answer.headers["Location"])
    return {"": answer.headers["Location"].partition("?")[0], **dict(parse_qsl(url.query))}


def choose_person(asked: dict[str, str], *, sub: str, email: str, verified: bool = True) -> str:
    """Fill in the company's page; the address that it sends the browser back to."""
    form = {name: value for name, value in asked.items() if name}
    form |= {"sub": sub, "name": "Nia New", "email": email, "decision": "continue"}
    form |= {"verified": "1"} if verified else {}
    answer = requests.post(asked[""], data=form, allow_redirects=False, timeout=20)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def arrive(client: Client, company: str, *, process: str = "", **person: Any) -> Any:
    """All the way to the company and back."""
    return client.get(choose_person(start(client, company, process=process), **person))
