"""What every template may use."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts import dials
from accounts.models import Notification


def site(request: HttpRequest) -> dict[str, Any]:
    """The site's origin and fee, and how many unread notices the person has (asked when shown)."""

    @cache
    def unread() -> int:
        if not request.user.is_authenticated:
            return 0
        return Notification.objects.filter(person=request.user, read_at=None).count()

    return {
        "site_origin": settings.SITE_ORIGIN,
        "commission_bp": lambda: dials.shown("COMMISSION_BP"),
        "debug": settings.DEBUG,
        "unread_count": unread,
    }
