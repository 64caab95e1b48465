"""Answers made of their templates and an account's figures; `answers.toml` has one for each."""

import base64
import binascii
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest

FIGURE = re.compile(r"=(?P<sign>-?)(?P<name>\w+)(?:\*(?P<factor>\d+))?(?::(?P<form>\w+))?\Z")
BEARER = "Authorization: Bearer"
Names = Mapping[str, Decimal]

FORMS: dict[str, Callable[[Decimal], Any]] = {
    "": float,
    "int": int,
    "text": lambda value: f"{value:f}",
    "text2": lambda value: f"{value:.2f}",
    "text0": lambda value: f"{value:.0f}",
}


@dataclass(frozen=True)
class Api:
    """One provider's balance API."""

    method: str
    path: re.Pattern[str]
    key: str
    answer: Any

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is this call."""
        return method == self.method and self.path.fullmatch(path) is not None

    def fill(self, names: Names, grants: list[Names]) -> Any:
        """The answer for these figures."""
        return _filled(self.answer, names, grants)


@cache
def apis() -> dict[str, Api]:
    """Every provider that answers here, by slug."""
    text = Path(__file__).with_name("answers.toml").read_text(encoding="utf-8")
    return {
        slug: Api(
            method=given.get("method", "GET"),
            path=re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(given["path"]))),
            key=given.get("key", BEARER),
            answer=json.loads(given["answer"]),
        )
        for slug, given in tomllib.loads(text).items()
    }


def key_of(request: HttpRequest, how: str) -> str:
    """The secret that came with a request, the way its provider wants it; "" for none."""
    if how.startswith("?"):
        return request.GET.get(how[1:], "")
    if how == "aws4":
        found = re.match(r"AWS4-HMAC-SHA256 Credential=([^/]+)/", _header(request, "Authorization"))
        return found[1] if found else ""
    if how == "basic":
        return _password(_header(request, "Authorization"))
    name, _, scheme = how.partition(":")
    value, scheme = _header(request, name), scheme.strip()
    if not scheme:
        return value
    before, _, key = value.partition(" ")
    return key if before == scheme else ""


def _header(request: HttpRequest, name: str) -> str:
    return request.headers.get(name) or ""


def _password(header: str) -> str:
    try:
        pair = base64.b64decode(header.removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return pair.partition(":")[2]


def _filled(template: Any, names: Names, grants: list[Names]) -> Any:
    if isinstance(template, dict):
        if "=each" in template:
            return [_filled(template["=each"], {**names, **grant}, grants) for grant in grants]
        return {name: _filled(value, names, grants) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, names, grants) for value in template]
    if isinstance(template, str) and template.startswith("="):
        return _figure(template, names)
    return template


def _figure(text: str, names: Names) -> Any:
    match = FIGURE.match(text)
    assert match is not None, text
    value = names[match["name"]] * int(match["factor"] or 1)
    return FORMS[match["form"] or ""](-value if match["sign"] and value else value)
