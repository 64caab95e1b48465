"""API tokens: made once, stored as a hash, limited to scopes."""

import hashlib
import secrets
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import ApiToken, Person

SCOPES = ("read", "trade", "sell")
LIFE = timedelta(days=365)
# Writing "last used" once a minute is precise enough, and keeps reading cheap.
USE_IS_NOTED_EVERY = timedelta(minutes=1)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def create(*, person: Person, name: str, scopes: tuple[str, ...] = SCOPES) -> str:
    """Make a token and return it; it cannot be shown again."""
    token = f"surplus_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(
        person=person,
        name=name,
        digest=_digest(token),
        scopes=list(scopes),
        expires_at=timezone.now() + LIFE,
    )
    return token


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`; `request.auth` is the token."""

    def authenticate(self, request: Request) -> tuple[Person, ApiToken] | None:
        scheme, _, given = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        live = ApiToken.objects.filter(revoked_at=None, expires_at__gt=Now())
        token = live.select_related("person").filter(digest=_digest(given.strip())).first()
        if token is None or not token.person.is_active:
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=Now() - USE_IS_NOTED_EVERY)
        ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=Now())
        return token.person, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """A token needs the scope its call names; a session may do all its person may.

    Views name `scope` for writing; reading needs `read`.
    """

    message = "This token does not carry the scope that the call needs."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        reading = request.method in ("GET", "HEAD", "OPTIONS")
        return ("read" if reading else getattr(view, "scope", "trade")) in request.auth.scopes
