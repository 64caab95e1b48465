"""Pages, and pieces of pages, of which only a part changes from one request to the next.

What does not change is rendered once and kept for some seconds, and the parts are poured into it.
A whole page is kept for visitors of whom we know nothing; signed in, its template is rendered as
always.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.kept import Kept

KEPT_SECONDS, MOST = 30, 300
# Nobody outside this process can write it into a page.
_MARK = secrets.token_hex(16)
_frames: Kept[list[str]] = Kept(seconds=KEPT_SECONDS, most=MOST)


def render_around(
    request: HttpRequest,
    template: str,
    make_context: Callable[[], dict[str, Any]],
    *,
    parts: Mapping[str, str],
    key: tuple[Any, ...] | None = (),
    status: int = 200,
) -> HttpResponse:
    """The template with `parts` (HTML by name) in it.

    `key` is all that the rest of the page hangs on beside its path; `make_context` is called when
    the rest is not kept, which with the key None it never is. The template may not use who is
    signed in, a form's token or a nonce otherwise than for people who are signed in.
    """
    if key is None or not _is_stranger(request):
        safe = {name: SafeString(html) for name, html in parts.items()}
        return render(request, template, {**make_context(), **safe}, status=status)

    def make(marks: Mapping[str, SafeString]) -> str:
        text = render_to_string(template, {**make_context(), **marks}, request)
        assert not request.META.get("CSRF_COOKIE_NEEDS_UPDATE"), "this page is one person's own"
        return text

    theme = request.COOKIES.get("theme")
    theme = theme if theme in ("light", "dark") else None
    whole = (template, request.scheme, request.get_host(), request.path, theme, *key)
    return HttpResponse(poured(make, parts=parts, key=whole), status=status)


def poured(
    make: Callable[[Mapping[str, SafeString]], str],
    *,
    parts: Mapping[str, str],
    key: tuple[Any, ...],
) -> SafeString:
    """What `make` makes of `parts` (HTML by name).

    It is called when nothing is kept for the key, which is all else that the outcome hangs on, and
    with marks where the parts will be.
    """

    def split() -> list[str]:
        return make({name: SafeString(f"{_MARK}{name}{_MARK}") for name in parts}).split(_MARK)

    # Text and names of parts take turns.
    pieces = enumerate(_frames.get(key, split))
    return SafeString("".join(parts[piece] if n % 2 else piece for n, piece in pieces))


def _is_stranger(request: HttpRequest) -> bool:
    """Whether there is nothing of this visitor's own that a page could show."""
    return not {settings.SESSION_COOKIE_NAME, "messages"} & request.COOKIES.keys()
