"""The outbox of a local run: the mails that would have been sent, newest first."""

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

SHOWN = 100


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
        "at": mail["Date"].datetime if mail["Date"] else None,
        "text": plain.get_content() if plain else "",
        "html": html.get_content() if html else "",
    }


def index(request: HttpRequest) -> HttpResponse:
    """What was sent, newest first."""
    paths = sorted(_folder().glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    mails = [_read(path) for path in paths[:SHOWN]]
    return render(request, "dev/outbox.html", {"mails": mails, "total": len(paths)})


def detail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail, as text and as HTML."""
    path = _folder() / f"{name}.log"
    if path.parent != _folder() or not path.is_file():
        raise Http404
    return render(request, "dev/mail.html", {"mail": _read(path)})
