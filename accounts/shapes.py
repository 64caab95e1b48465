"""The shape of JSON that programs send. Strict: a wrong type is a mistake in the program.

Raising `ValidationError` names every wrong field at once; `by_field` puts errors in one form.
"""

import json
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request

from accounts.models import Person

DEEPEST = 32
MOST_DIGITS = 30
# What a multipart body carries beside its file.
FORM_BYTES = 65_536


class Text(serializers.CharField):
    """A JSON string; numbers do not pass for one, nor do NUL and lone surrogates."""

    default_error_messages = {"invalid": "Give a text, in quotes."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A JSON number without a fraction; neither true nor "12" nor 12.0 passes for one."""

    default_error_messages = {"invalid": "Give a whole number, without quotes and point."}

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return int(data)


class Choice(serializers.ChoiceField):
    """One of some words. The refusal names them, and does not repeat what was sent."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        self.error_messages["invalid_choice"] = f"Give one of {', '.join(map(str, self.choices))}."

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice")
        return str(super().to_internal_value(data))


def by_field(detail: Any) -> dict[str, list[str]]:
    """Errors of serializers and forms as lists of sentences by field, however deep they lie."""
    if not isinstance(detail, dict):
        return {"": _sentences(detail)}
    return {str(field): _sentences(errors) for field, errors in detail.items()}


def _sentences(errors: Any, path: str = "") -> list[str]:
    if isinstance(errors, dict):
        named = list(errors.items())
    elif isinstance(errors, list):
        named = [("", error) for error in errors]
    else:
        sentence = f"{path}: {errors}" if path else str(errors)
        # A sentence may repeat what was sent, and that need not be encodable.
        return [sentence.encode(errors="replace").decode()]
    return [
        sentence
        for name, inner in named
        for sentence in _sentences(inner, f"{path}.{name}".strip(".") if name != "" else path)
    ]


class PersonalRequest(Request):
    """A request of somebody signed in, of which the permissions have made sure."""

    user: Person
    data: dict[str, Any]


class TooLarge(APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = "This is more than the call takes."


def _require_size(request: Request, limit: int) -> None:
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise TooLarge


class ObjectParser(JSONParser):
    """One JSON object, of a sensible size and depth, in UTF-8 as JSON always is.

    Numbers that are none, or beyond all bounds, come through as floats: so the field that has
    one can be named.
    """

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        _require_size(parser_context["request"], settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        try:
            data = json.loads(stream.read().decode(), parse_int=_number)
        except RecursionError:
            raise ParseError("This is nested too deeply.") from None
        except ValueError as error:
            raise ParseError(f"This is not JSON: {error}") from None
        if not isinstance(data, dict):
            raise ParseError("Send a JSON object.")
        if _is_deep(data):
            raise ParseError("This is nested too deeply.")
        return data


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def _is_deep(data: Any) -> bool:
    level = [data]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)


class UploadParser(MultiPartParser):
    """A form with a file, refused before it is read where it is too large."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        _require_size(parser_context["request"], settings.UPLOAD_LIMIT_BYTES + FORM_BYTES)
        return super().parse(stream, media_type, parser_context)
