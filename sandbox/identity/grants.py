"""What GitHub's and Google's sign-in share: the page to choose a person, and one-time codes."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from sandbox.models import Grant
from sandbox.writing import writing


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as."""

    subject: str
    name: str
    email: str
    verified: bool = True
    # What has become of their address since; part of the button, not of the name.
    since: str = ""

    @property
    def key(self) -> str:
        """What the button of this person sends."""
        return f"{self.subject}-{self.since}" if self.since else self.subject

    @property
    def claims(self) -> dict[str, object]:
        """What the grant remembers of them."""
        return {
            "sub": self.subject,
            "name": self.name,
            "email": self.email,
            "email_verified": self.verified,
        }


PEOPLE = (
    Person("90210001", "Robin Vale", "robin@example.com"),
    Person("90210002", "Sam Okafor", "sam@example.com"),
    Person("90210003", "Kim Unverified", "kim@example.com", verified=False),
    Person("90210004", "Demo Buyer", "buyer@example.com"),
    Person("90210005", "Demo Seller", "seller@example.com"),
    Person("90210001", "R. Vale", "robin.vale@moved.example", since="changed"),
    Person("90210006", "Rosa Heir", "robin@example.com", since="reassigned"),
)


class BadGrant(Exception):
    """A code that is unknown, used, for another client or address, or fails PKCE."""


def authorize(request: HttpRequest, issuer: str, title: str) -> HttpResponse:
    """The page on which a developer chooses who signs in, and its answer."""
    given = request.POST if request.method == "POST" else request.GET
    redirect_uri = given.get("redirect_uri", "")
    problem = _problem(given.get("client_id"), redirect_uri, given.get("response_type", "code"))
    if problem:
        context = {"title": title, "problem": problem}
        return render(request, "sandbox/authorize.html", context, status=400)
    carried = {
        name: given.get(name, "")
        for name in (
            "client_id",
            "redirect_uri",
            "state",
            "scope",
            "nonce",
            "code_challenge",
            "code_challenge_method",
        )
    }
    if request.method != "POST":
        return _form(request, title, carried)
    if given.get("decision") == "deny":
        return _back(redirect_uri, {"error": "access_denied", "state": carried["state"]})
    person = _chosen(request)
    if person is None:
        return _form(request, title, carried, "Write an e-mail address, a name and an id.")
    code = secrets.token_urlsafe(24)
    with writing():
        Grant.objects.create(
            code=code,
            issuer=issuer,
            client_id=carried["client_id"],
            redirect_uri=redirect_uri,
            challenge=carried["code_challenge"],
            challenge_method=carried["code_challenge_method"] or "plain",
            nonce=carried["nonce"],
            claims=person.claims,
        )
    return _back(redirect_uri, {"code": code, "state": carried["state"]})


def redeem(request: HttpRequest, issuer: str) -> Grant:
    """Turns a code into an access token, once; raises BadGrant."""
    given = request.POST
    with writing():
        grant = Grant.objects.filter(issuer=issuer, code=given.get("code", ""), token="").first()
        if grant is None or not given.get("client_secret"):
            raise BadGrant
        if (given.get("client_id"), given.get("redirect_uri")) != (
            grant.client_id,
            grant.redirect_uri,
        ):
            raise BadGrant
        if grant.challenge and not _proves(grant, given.get("code_verifier", "")):
            raise BadGrant
        grant.token = secrets.token_urlsafe(32)
        grant.save()
    return grant


def by_token(request: HttpRequest, issuer: str) -> Grant | None:
    """The grant whose access token came with the request."""
    token = request.headers.get("Authorization", "").partition(" ")[2]
    return Grant.objects.filter(issuer=issuer, token=token).first() if token else None


def _proves(grant: Grant, verifier: str) -> bool:
    if grant.challenge_method == "plain":
        return secrets.compare_digest(grant.challenge, verifier)
    digest = hashlib.sha256(verifier.encode()).digest()
    wanted = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return secrets.compare_digest(grant.challenge, wanted)


def _problem(client_id: str | None, redirect_uri: str, response_type: str) -> str:
    if not client_id:
        return "The address lacks a client_id."
    if not redirect_uri.startswith(("http://", "https://")):
        return "The address lacks a redirect_uri."
    if response_type != "code":
        return "Only response_type=code is known here."
    return ""


def _chosen(request: HttpRequest) -> Person | None:
    picked = request.POST.get("person")
    if picked:
        return next((person for person in PEOPLE if person.key == picked), None)
    subject, name, email = (
        request.POST.get(field, "").strip() for field in ("sub", "name", "email")
    )
    if not (subject and name and "@" in email):
        return None
    return Person(subject, name, email, verified=bool(request.POST.get("verified")))


def _form(
    request: HttpRequest, title: str, carried: dict[str, str], error: str = ""
) -> HttpResponse:
    context = {
        "title": title,
        "carried": carried,
        "people": PEOPLE,
        "error": error,
        "typed": request.POST,
        "new_subject": secrets.randbelow(89_999_999) + 10_000_000,
    }
    return render(request, "sandbox/authorize.html", context)


def _back(redirect_uri: str, answer: dict[str, str]) -> HttpResponse:
    separator = "&" if "?" in redirect_uri else "?"
    query = urlencode({name: value for name, value in answer.items() if value})
    return HttpResponseRedirect(f"{redirect_uri}{separator}{query}")
