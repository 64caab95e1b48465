"""Errors as Stripe words and shapes them."""

from typing import Any

DOC_URL = "https://stripe.com/docs/error-codes/"


class StripeError(Exception):
    """A refused request. `stays` keeps what the endpoint wrote before it refused: a decline is
    an outcome, with a failed charge to show for it."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        stays: bool = False,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.stays = stays
        self.code = code
        fields = {"type": kind, "code": code, "message": message, "param": param, **extra}
        self.error = {name: value for name, value in fields.items() if value is not None}

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON answer, with the pointers to documentation and log that Stripe adds."""
        error = dict(self.error)
        if self.code:
            error["doc_url"] = DOC_URL + self.code.replace("_", "-")
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error}


def missing(kind: str, key: str, *, param: str = "id", status: int = 404) -> StripeError:
    """No such object; 404 for the object asked for, 400 for one that is only referred to."""
    name = kind.replace("_", " ").split(".")[-1]
    return StripeError(
        f"No such {name}: '{key}'", status=status, code="resource_missing", param=param
    )


def internal() -> StripeError:
    """The 500 that a caller can do nothing about."""
    return StripeError(
        "An unknown error occurred. If you have any questions, quote the request id.",
        status=500,
        kind="api_error",
    )
