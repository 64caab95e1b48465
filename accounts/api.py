"""Tokens by REST."""

from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import tokens
from accounts.addresses import counted_as
from accounts.shapes import Text

FAILURES_COUNT_SECONDS = 300


class SignIn(serializers.Serializer[Any]):
    """An address and its password."""

    email = Text(max_length=254)
    password = Text(max_length=4096, trim_whitespace=False, write_only=True)


class Token(serializers.Serializer[Any]):
    """A token, shown this once; it lives for a year."""

    token = serializers.CharField()


class TokenList(APIView):
    """Tokens of the person who gives the password."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="tokens_create", tags=["account"], request=SignIn, responses=Token)
    def post(self, request: Request) -> Response:
        """Make a token that carries the scopes read, trade and sell."""
        given = SignIn(data=request.data)
        given.is_valid(raise_exception=True)
        email, password = given.validated_data["email"], given.validated_data["password"]
        _count_failure(request, email, only_look=True)
        try:
            token = tokens.exchange(email=email, password=password)
        except tokens.WrongPassword:
            _count_failure(request, email)
            raise
        return Response({"token": token}, status=201, headers={"Cache-Control": "no-store"})


def _count_failure(request: Request, email: str, *, only_look: bool = False) -> None:
    """A few wrong passwords for one mailbox, here or on the sign-in page, and it has to wait."""
    if settings.THROTTLE_SCALE and not ratelimit.consume(
        request._request, action="login_failed", key=counted_as(email), dry_run=only_look
    ):
        raise Throttled(FAILURES_COUNT_SECONDS)
