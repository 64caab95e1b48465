"""The product up to its call to the processor: a middleware that answers where that would begin."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from payments import failpoints

PLACE = "order reserved"


class Reached(Exception):
    """The order is placed; what follows is the processor's."""


def stop(name: str) -> None:
    """A watcher of failpoints."""
    if name == PLACE:
        raise Reached


class StopBeforeTheProcessor:
    """Answers 201 as soon as an order is reserved."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.watching = failpoints.watched(stop)
        self.watching.__enter__()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return HttpResponse(status=201) if isinstance(error, Reached) else None
