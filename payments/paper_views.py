"""A seller's papers, each for nobody but themselves."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.people import SignedInRequest
from payments import documents, statements


def _answer(
    request: SignedInRequest, make: Callable[[], documents.Paper], suffix: str
) -> HttpResponse:
    try:
        paper = make()
    except statements.NoSuchPeriod as error:
        raise Http404 from error
    return documents.answer(request, paper, suffix)


@require_safe
@login_required
def statement(request: SignedInRequest, month: str, suffix: str = "") -> HttpResponse:
    """A month, from balance to balance."""
    return _answer(request, lambda: statements.statement(request.user, month), suffix)


@require_safe
@login_required
def invoice(request: SignedInRequest, month: str, suffix: str = "") -> HttpResponse:
    """The commission of a month."""
    return _answer(request, lambda: statements.commission_invoice(request.user, month), suffix)


@require_safe
@login_required
def income(request: SignedInRequest, year: int, suffix: str = "") -> HttpResponse:
    """The income of a year."""
    return _answer(request, lambda: statements.income(request.user, year), suffix)
