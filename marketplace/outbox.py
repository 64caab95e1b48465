"""The outbox of a local run: the mails that would have been sent, newest first."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin

SHOWN = 100
# What a mail program would do with a mail of ours: its own styles, and nothing else.
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "frame-ancestors": [SELF],
    "sandbox": "allow-popups allow-popups-to-escape-sandbox",
}


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH or settings.DATA_DIR / "mail")


def _read(path: Path) -> dict[str, object]:
    # The file backend ends each mail with a line of dashes.
    text = path.read_bytes().rsplit(b"\n" + b"-" * 79, 1)[0]
    mail = email.message_from_bytes(text, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    plain, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    return {
        "name": path.stem,
        "subject": mail["Subject"],
        "to": mail["To"],
        "at": _at(mail),
        "text": plain.get_content() if plain else "",
        "html": html.get_content() if html else "",
    }


def _at(mail: EmailMessage) -> datetime | None:
    # Django writes UTC as "-0000", which reads as no zone at all.
    at: datetime | None = mail["Date"].datetime if mail["Date"] else None
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


def _find(name: str) -> dict[str, object]:
    path = _folder() / f"{name}.log"
    if path.parent != _folder() or not path.is_file():
        raise Http404
    return _read(path)


def index(request: HttpRequest) -> HttpResponse:
    """What was sent, newest first."""
    paths = sorted(_folder().glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    mails = [_read(path) for path in paths[:SHOWN]]
    return render(request, "dev/outbox.html", {"mails": mails, "total": len(paths)})


# The decorators are annotated for views without arguments.
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]
def detail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail, as text and as HTML."""
    return render(request, "dev/mail.html", {"mail": _find(name)})


@csp_replace(MAIL_POLICY)  # type: ignore[arg-type]
@xframe_options_sameorigin
def html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part by itself, as a mail program shows it."""
    return HttpResponse(
        str(_find(name)["html"]).replace("<head>", '<head><base target="_blank">', 1)
    )
