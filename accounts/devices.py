"""Where somebody is signed in: the browsers they came with, and ending what they opened.

A browser is known again by a cookie that says nothing but a random number; only its hash is kept.
Which sessions it opened is written by django-allauth; a session ends with its row in the session
store, and all of a person's end when `Person.generation` moves on.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse

from accounts import one_person
from accounts.models import Device, Person
from accounts.notifications import notify

COOKIE = "__Host-device" if settings.SECURE else "device"
COOKIE_LIFE_SECONDS = 365 * 86400
TOKEN = re.compile(r"[\w-]{22}")
# "Last seen" is precise to so much; writing it with every request would cost a statement each.
SEEN_EVERY_SECONDS = 600
SEEN_KEY = "seen_at"
# A browser that this many others have used belongs to nobody.
SHARED_BY = 5

# The first that fits: Edge and Opera call themselves Chrome, and Chrome calls itself Safari.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def describe(user_agent: str) -> str:
    """A browser in words: "Firefox on Linux"."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or user_agent.partition("/")[0][:40].strip() or "A program"


def recognise(request: HttpRequest, person: Person, response: HttpResponse) -> None:
    """Note which browser has just signed in; a new one is told to its owner, but for the first."""
    token = request.COOKIES.get(COOKIE, "")
    if not TOKEN.fullmatch(token):
        token = secrets.token_urlsafe(16)
    digest = hashlib.sha256(token.encode()).hexdigest()
    words = describe(request.headers.get("User-Agent", ""))
    with transaction.atomic():
        first = not Device.objects.filter(person=person).exists()
        device, new = Device.objects.get_or_create(
            person=person, digest=digest, defaults={"described": words}
        )
        Device.objects.filter(pk=device.pk).update(described=words, last_seen_at=Now())
        opened = UserSession.objects.filter(session_key=request.session.session_key)
        opened.update(data={"device": device.pk})
        if new:
            _compare(person, digest)
        if new and not first:
            notify(
                person=person,
                kind="device_new",
                key=f"device:{device.pk}",
                url="/account/security/",
                device=words,
                address=next((row.ip for row in opened), ""),
            )
    request.session[SEEN_KEY] = int(time.time())
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_LIFE_SECONDS,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def _compare(person: Person, digest: str) -> None:
    """Somebody else has signed in from this browser: a case, which forbids nothing.

    A browser that many people use, in a library or a shop, says nothing about any of them, and
    those who work in the console try other accounts as part of their work.
    """
    others = Device.objects.filter(digest=digest, person__is_active=True, person__is_staff=False)
    found = list(others.exclude(person=person).values_list("person_id", flat=True)[:SHARED_BY])
    if not person.is_staff and len(found) < SHARED_BY:
        for other in found:
            one_person.raise_case(person.pk, other, evidence="device")


def sessions(request: HttpRequest, person: Person) -> list[UserSession]:
    """What is open, this session first, each with its `device`; in three statements."""
    rows = list(UserSession.objects.filter(user=person).order_by("-last_seen_at"))
    keys = [row.session_key for row in rows]
    stored = Session.objects.filter(session_key__in=keys, expire_date__gt=Now())
    live = set(stored.values_list("session_key", flat=True))
    devices = Device.objects.filter(person=person).in_bulk()
    for row in rows:
        row.device = devices.get(row.data.get("device"))
        row.words = str(row.device) if row.device else describe(row.user_agent)
        row.current = row.session_key == request.session.session_key
    return sorted((row for row in rows if row.session_key in live), key=lambda row: not row.current)


def end(row: UserSession) -> None:
    """Sign one session out, at once."""
    SessionStore().delete(row.session_key)
    row.delete()


def end_all(person: Person) -> None:
    """Sign all of a person's sessions out, at once and for good, those nobody listed too."""
    Person.objects.filter(pk=person.pk).update(generation=F("generation") + 1)
    UserSession.objects.filter(user=person).delete()


def end_others(request: HttpRequest, person: Person) -> None:
    """Sign out everywhere but here."""
    this = UserSession.objects.filter(user=person, session_key=request.session.session_key)
    kept = this.values("ip", "user_agent", "data", "created_at").first()
    with transaction.atomic():
        end_all(person)
        person.refresh_from_db(fields=["generation"])
        update_session_auth_hash(request, person)
        if kept:
            UserSession.objects.create(user=person, session_key=request.session.session_key, **kept)


class Seen:
    """Middleware: when a session that somebody signed in to was last used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = int(time.time())
        here = settings.SESSION_COOKIE_NAME in request.COOKIES
        seen = request.session.get(SEEN_KEY) if here else None
        if seen and now - seen >= SEEN_EVERY_SECONDS and request.user.is_authenticated:
            request.session[SEEN_KEY] = now
            UserSession.objects.filter(session_key=request.session.session_key).update(
                last_seen_at=Now()
            )
        return self.get_response(request)
