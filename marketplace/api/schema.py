"""What OpenAPI says beyond what the views say themselves: bearer tokens, and problem documents."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class Bearer(OpenApiAuthenticationExtension):
    """`Authorization: Bearer TOKEN`."""

    target_class = "accounts.tokens.BearerAuthentication"
    name = "token"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class Problem(serializers.Serializer[Any]):
    """Why a call was refused (RFC 9457). `code` is stable; `detail` is for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="What is wrong, by field.",
    )


class Operation(AutoSchema):
    """Every call may be refused, and always in the same form."""

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        bodies["default"] = self._get_response_for_code(
            Problem, "default", media_types=["application/problem+json"], direction=direction
        )
        bodies["default"]["description"] = "Refused; nothing has changed."
        return bodies
