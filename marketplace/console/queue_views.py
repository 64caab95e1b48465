"""The queue's addresses: the list, its live count, claiming and letting go, and the next case."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts import authority, claims
from accounts.models import Person
from marketplace.console import queue
from marketplace.console.kinds import KINDS

PAGES = {kind.page for kind in KINDS}


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    if not authority.may_see(request.user, "console.queue"):
        raise PermissionDenied
    return request.user


def _back(request: HttpRequest) -> HttpResponse:
    to = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(to, None) and to.startswith(reverse("admin:index"))
    return redirect(to if safe else "admin:index")


def _key(request: HttpRequest, person: Person) -> str:
    """The case that a form names, if the person's role sees it. Raises PermissionDenied."""
    key = request.POST.get("key", "")
    page = key.partition(":")[0]
    if page not in PAGES or len(key) > 80 or not authority.may_see(person, page):
        raise PermissionDenied
    return key


@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How much waits; asked for now and then by the page."""
    waiting = queue.counts(_person(request))
    context = {"count": sum(waiting.values()), "counted": queue.COUNTED}
    return render(request, "console/queue_count.html", context)


@require_POST
def claim(request: HttpRequest) -> HttpResponse:
    """Take a case on."""
    person = _person(request)
    if claims.take(_key(request, person), actor=person):
        messages.success(request, "It is yours for a quarter of an hour.")
    else:
        messages.error(request, "Somebody else was quicker.")
    return _back(request)


@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Let a case go."""
    person = _person(request)
    claims.release(_key(request, person), actor=person)
    return _back(request)


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """Take on the most urgent case that nobody is on, and go there."""
    item = queue.take_next(_person(request), queue.View.asked(request.POST))
    if item is None:
        messages.success(request, "Nothing waits that nobody is on.")
        return redirect("admin:index")
    return redirect(item.url)
