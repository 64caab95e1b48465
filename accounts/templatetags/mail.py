"""How a mail says things that a page would leave to the reader's browser."""

import datetime

from django import template

register = template.Library()


@register.filter
def when(at: str) -> str:
    """Say a stored moment in UTC: ``2026-11-20T19:43:00+00:00`` is "20 Nov 2026, 19:43 UTC"."""
    if not at:
        return ""
    moment = datetime.datetime.fromisoformat(at).astimezone(datetime.UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"
