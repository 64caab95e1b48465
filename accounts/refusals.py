"""What the rules do not allow. A refusal is for people: it says why, and nothing has changed."""

from typing import Any


class Refusal(Exception):
    """A request that was understood and not carried out.

    `code` is stable and for programs, the message is for people, `status` is the HTTP answer,
    and `extra` carries facts that help to ask again.
    """

    code = "refused"
    status = 409
    message = "This cannot be done."

    def __init__(self, message: str | None = None, **extra: Any) -> None:
        super().__init__(message or self.message)
        self.extra = extra


class WrongState(Refusal):
    """The row has moved on, or this step is not for its state."""

    code = "wrong_state"
    message = "This step does not fit the present state. Reload the page to see where it stands."


class NotAllowed(Refusal):
    """The person may see the row but may not do this with it."""

    code = "not_allowed"
    status = 403
    message = "This is not yours to do."


class Invalid(Refusal):
    """Input that no form could refuse earlier; `field` names where it was typed."""

    code = "invalid"
    status = 400

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
