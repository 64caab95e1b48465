"""API tokens: made once, stored as a hash, limited to scopes."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import factors
from accounts.addresses import canonical
from accounts.built import Built, Given
from accounts.models import ApiToken, Person
from accounts.refusals import NotAllowed, Refusal

SCOPES = ("read", "trade", "sell")
LIFE = timedelta(days=365)
# Writing "last used" once a minute is precise enough, and keeps reading cheap.
USE_IS_NOTED_EVERY = timedelta(minutes=1)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def create(
    *, person: Person, name: str, scopes: tuple[str, ...] = SCOPES, life: timedelta = LIFE
) -> str:
    """Make a token and return it; it cannot be shown again. It lives for a year at most."""
    assert timedelta(0) < life <= LIFE
    token = f"surplus_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(
        person=person,
        name=name,
        digest=_digest(token),
        scopes=list(scopes),
        expires_at=timezone.now() + life,
    )
    return token


class WrongPassword(Refusal):
    """The same for a wrong password and an unknown address."""

    code = "wrong_credentials"
    status = 401
    message = "There is no account with this address and password."


class SecondFactorRequired(NotAllowed):
    code = "second_factor_required"
    message = "A password is not enough for this account. Make a token on its settings page."


class AddressNotVerified(NotAllowed):
    code = "address_not_verified"
    message = "Confirm your e-mail address first: follow the link in the mail that we sent."


class Suspended(NotAllowed):
    code = "suspended"
    message = "This account is suspended."


def exchange(*, email: str, password: str) -> str:
    """A token for a password.

    Raises WrongPassword; and, only to somebody who knows the password, Suspended,
    AddressNotVerified or SecondFactorRequired.
    """
    person = _known(email)
    if person is None:
        make_password(password)  # as much work as a known address is
        raise WrongPassword
    if not person.check_password(password):
        raise WrongPassword
    if not person.is_active:
        raise Suspended
    if not EmailAddress.objects.filter(user=person, verified=True).exists():
        raise AddressNotVerified
    if person.is_staff or person.is_superuser or factors.has_one(person):
        raise SecondFactorRequired
    return create(person=person, name="Made with a password")


def _known(email: str) -> Person | None:
    try:
        return Person.objects.filter(canonical_email=canonical(email)).first()
    except ValueError:
        return None


def revoke_all(person: Person) -> None:
    """End all tokens of a person."""
    ApiToken.objects.filter(person=person, revoked_at=None).update(revoked_at=Now())


def _live_one() -> QuerySet[ApiToken]:
    """A token that may be used, with its person and who was merged into them."""
    unnoted = Q(last_used_at=None) | Q(last_used_at__lt=Now() - USE_IS_NOTED_EVERY)
    merged = Person.objects.filter(merged_into=OuterRef("person")).order_by("pk").values("pk")
    live = ApiToken.objects.filter(revoked_at=None, expires_at__gt=Now())
    found = live.filter(digest=Given("digest", CharField())).select_related("person")
    return found.annotate(is_use_unnoted=unnoted, merged=ArraySubquery(merged))


_live: Built[Any] = Built(_live_one)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`; `request.auth` is the token."""

    def authenticate(self, request: Request) -> tuple[Person, ApiToken] | None:
        scheme, _, given = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = _live.first(digest=_digest(given.strip()))
        if token is None or not token.person.is_active:
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        token.person.selves = [token.person.pk, *token.merged]
        if token.is_use_unnoted:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=Now())
        return token.person, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def carries(request: Request, scope: str) -> bool:
    """Whether a call may use a scope: a session may do all that its person may."""
    return not isinstance(request.auth, ApiToken) or scope in request.auth.scopes


class HasScope(BasePermission):
    """A token needs the scope its call names.

    Views name `scope` for writing; reading needs `read`.
    """

    code = "scope_missing"
    message = "This token does not carry the scope that the call needs."

    def has_permission(self, request: Request, view: Any) -> bool:
        reading = request.method in ("GET", "HEAD", "OPTIONS")
        return carries(request, "read" if reading else getattr(view, "scope", "trade"))
