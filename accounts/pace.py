"""Answers that may depend on who has an account come on a beat, whatever was done for them.

A known address is looked up, written to and given a token; an unknown one gets a row, or another
mail. No two of these take the same time, and 200 tries from beside the server tell 5 ms apart. So
the clock begins where they part, and the answer is given at the next full step after it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from allauth.core import context
from django.http import HttpRequest, HttpResponse

# Several times what the work takes on a quiet machine (4 to 11 ms). Not more: whoever floods us
# should run out of processor time, as before, and not hold all threads by their sleeping.
STEP_SECONDS = 0.05
MARK = "paced_since"


def begin() -> None:
    """From here on, what is done for this request depends on who has an account."""
    if context.request is not None:
        setattr(context.request, MARK, time.monotonic())


@contextmanager
def paused() -> Iterator[None]:
    """Hashing is not counted: both sides pay for it alike, and it takes longer than the rest."""
    stopped = time.monotonic()
    yield
    if hasattr(context.request, MARK):
        begun = getattr(context.request, MARK)
        setattr(context.request, MARK, begun + time.monotonic() - stopped)


class OnTheBeat:
    """Middleware, the outermost: all that others still do for an answer is within the step too.

    What a limit refuses is refused before anybody is looked up, so it never began and does not
    wait: a flood holds no threads.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        begun = getattr(request, MARK, None)
        if begun is not None:
            time.sleep(STEP_SECONDS - (time.monotonic() - begun) % STEP_SECONDS)
        return response
