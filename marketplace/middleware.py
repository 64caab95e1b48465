"""What holds for every page."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.refusals import Refusal

GetResponse = Callable[[HttpRequest], HttpResponse]


class OneEncoding:
    """All that is sent to us is UTF-8. A header that names another encoding, or none that is one,
    would upset whatever reads the query or the form."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.encoding = "utf-8"
        return self.get_response(request)


class PrivatePages:
    """Nothing that a signed-in person sees is kept by a cache; suspended people are signed out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated or response.cookies:
            add_never_cache_headers(response)
        return response


class Refusals:
    """A refusal on a page becomes a message, on the page where the person was."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Refusal) or request.path.startswith("/api/"):
            return None
        if request.headers.get("HX-Request"):
            return render(
                request, "components/notice.html", {"kind": "bad", "text": str(error)}, status=200
            )
        messages.error(request, str(error))
        came_from = request.headers.get("Referer", "")
        here = url_has_allowed_host_and_scheme(
            came_from, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        if request.method == "POST" and here:
            return redirect(came_from)
        return render(request, "refused.html", {"refusal": error}, status=error.status)
