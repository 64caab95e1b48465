"""One API call, and the table of endpoints that answer them."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sandbox.stripe.errors import StripeError


@dataclass(frozen=True)
class Call:
    """A request that passed the checks: typed parameters, ids out of the path, and who asks."""

    params: dict[str, Any]
    ids: dict[str, str]
    account: str
    url: str
    origin: str
    query: str = ""
    expand: list[str] = field(default_factory=list)

    def positive(self, name: str) -> int:
        """An amount in minor units that must be at least one."""
        value = self.params[name]
        if value < 1:
            message = "This value must be greater than or equal to 1."
            raise StripeError(message, code="parameter_invalid_integer", param=name)
        return int(value)


Answer = dict[str, Any]
Endpoint = Callable[[Call], Answer]

# The request that is being answered, for `event.request`: its id and idempotency key.
current_request: ContextVar[dict[str, str | None]] = ContextVar("current_request")

_ROUTES: list[tuple[str, re.Pattern[str], str, Endpoint]] = []


def endpoint(method: str, template: str) -> Callable[[Endpoint], Endpoint]:
    """Registers the function that answers a method and path template such as /v1/charges/{id}."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "/?")

    def register(function: Endpoint) -> Endpoint:
        _ROUTES.append((method, pattern, f"{method} {template}", function))
        return function

    return register


def route(method: str, path: str) -> tuple[str, Endpoint, dict[str, str]] | None:
    """The endpoint's name, its function and the ids in the path; None when there is none."""
    for wanted, pattern, name, function in _ROUTES:
        match = pattern.fullmatch(path)
        if match and wanted == method:
            return name, function, match.groupdict()
    return None
